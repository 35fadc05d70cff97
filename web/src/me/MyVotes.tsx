import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { More } from "../ui/More";
import { Answered, Empty } from "../ui/states";
import { Ago } from "../ui/Time";
import { useVotes } from "../votes/store";
import { reasonOf, VoteStatus } from "../votes/VoteStatus";
import { hasEnded } from "../votes/vote";
import { type PastVote, useMyVotes, useReviewsById } from "./queries";

/** One's own votes: those on their way, and those that came to their end. */
export function MyVotes() {
  const { t } = useTranslation();
  const asked = useMyVotes();
  const votes = useMemo(() => asked.data?.pages.flatMap((page) => page.items), [asked.data]);
  const ids = useMemo(() => [...new Set(votes?.map((vote) => vote.review_id))], [votes]);
  const reviews = useReviewsById(ids);
  return (
    <section className="stack" aria-label={t("me.votes")}>
      <h2>{t("me.votes")}</h2>
      <OnTheirWay />
      <Answered asked={{ ...asked, data: votes }}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t("me.noVotes")}</Empty>
          ) : (
            <ul className="past-votes">
              {list.map((vote) => (
                <Past key={vote.vote_id} vote={vote} text={reviews.get(vote.review_id)?.content} />
              ))}
            </ul>
          )
        }
      </Answered>
      <More of={asked} />
    </section>
  );
}

function OnTheirWay() {
  const { t } = useTranslation();
  const votes = useVotes().filter((vote) => !hasEnded(vote));
  if (votes.length === 0) return null;
  return (
    <ul className="stack stack-close note" aria-label={t("cast.onTheirWay")}>
      {votes.map((vote) => (
        <li key={vote.key} className="row">
          {vote.ballot.product === "review" ? (
            <Link to={`/reviews/${vote.ballot.reviewId}`}>
              {t(`me.direction.${vote.ballot.direction}`)}
            </Link>
          ) : (
            <Link to={`/campaigns/${vote.ballot.campaignId}`}>
              {t("cast.vote", { count: vote.ballot.tickets, name: vote.ballot.option })}
            </Link>
          )}
          <VoteStatus vote={vote} />
        </li>
      ))}
    </ul>
  );
}

const LOOKS: Record<string, string> = {
  counted: "badge badge-good",
  rejected: "badge badge-bad",
  voided: "badge badge-warn",
};

function Past({ vote, text }: { vote: PastVote; text: string | undefined }) {
  const { t } = useTranslation();
  const direction = vote.direction as "up" | "down" | "none";
  const state = vote.state as "counted" | "rejected" | "voided";
  const why = state === "rejected" ? reasonOf(vote.reason ?? null, t) : vote.reason;
  return (
    <li className="past-vote">
      <span className="row">
        <strong>{t(`me.direction.${direction}`)}</strong>
        <span className={LOOKS[state]}>{t(`me.state.${state}`)}</span>
        {vote.superseded_by && <span className="badge">{t("me.superseded")}</span>}
        <span className="small soft">
          <Ago at={vote.cast_at} /> · {t("me.cost", { count: vote.cost })}
        </span>
      </span>
      {why && <span className="small field-error">{why}</span>}
      <Link to={`/reviews/${vote.review_id}`} className="past-text small">
        {text ?? t("me.theReview")}
      </Link>
    </li>
  );
}
