import { useId } from "react";
import { useTranslation } from "react-i18next";
import { serverNow } from "../api/clock";
import { number } from "../i18n/format";
import { askToSignIn } from "../session/store";
import { useMe, useSession } from "../session/useSession";
import { pressedOnce } from "../ui/pressedOnce";
import { Countdown } from "../ui/Time";
import { cast } from "../votes/send";
import { useReviewVote } from "../votes/store";
import { VoteStatus } from "../votes/VoteStatus";
import { hasEnded } from "../votes/vote";
import { useCounts } from "./countStore";
import { asked, type Hindrance, hindrance } from "./may";
import type { Review } from "./queries";

const SIDES = ["up", "down"] as const;

/** Votes a review up or down, changes the vote, takes it back; tells how the vote goes. */
export function VoteButtons({ review }: { review: Review }) {
  const { t, i18n } = useTranslation();
  const { standing, userName } = useSession();
  const me = useMe().data;
  const whyId = useId();
  const { up, down } = review;
  const isSignedIn = standing === "in" || standing === "restoring";
  const isCast = isSignedIn && (review.my_vote === "up" || review.my_vote === "down");
  const first = isCast ? (review.my_vote as "up" | "down") : null;
  const counts = useCounts(review.review_id, { up, down, mine: first });
  const vote = useReviewVote(review.review_id);
  const isSending = vote?.phase.at === "sending";
  // A first try takes a moment only: then the buttons look as they do anyhow.
  const isFirstTry =
    vote?.phase.at === "sending" && vote.phase.attempt === 1 && vote.phase.retryAt === null;

  const why = (side: "up" | "down") =>
    hindrance(side, {
      isSignedIn,
      me,
      authorId: review.author.user_id,
      mine: counts.mine,
      isSending,
      now: serverNow(),
    });

  function press(side: "up" | "down") {
    if (why(side) !== null || userName === null) return;
    const direction = asked(side, counts.mine);
    cast({ product: "review", reviewId: review.review_id, direction }, userName);
  }

  const reason = why(counts.mine === "up" ? "down" : "up");
  return (
    <div className="votes">
      {/* biome-ignore lint/a11y/useSemanticElements: two buttons in a line are no fieldset. */}
      <div className="votes-buttons" role="group" aria-label={t("vote.group")} {...pressedOnce}>
        {SIDES.map((side) => (
          <button
            type="button"
            key={side}
            className={`vote vote-${side}`}
            aria-pressed={counts.mine === side}
            aria-disabled={why(side) !== null && !(why(side) === "sending" && isFirstTry)}
            aria-describedby={reason && reason !== "sending" ? whyId : undefined}
            onClick={() => press(side)}
          >
            <Arrow side={side} isFilled={counts.mine === side} />
            <span className="unseen">{t(`vote.${side}`)}</span>
            <span className="numbers vote-count">{number(i18n.language, counts[side])}</span>
          </button>
        ))}
      </div>
      <div className="votes-beside small">
        {vote && !(hasEnded(vote) && vote.phase.at === "nothing") && <VoteStatus vote={vote} />}
        <span id={whyId} className="soft">
          {!vote && <Why reason={reason} resetsAt={me?.votes.resets_at} />}
        </span>
      </div>
    </div>
  );
}

function Why({ reason, resetsAt }: { reason: Hindrance; resetsAt: string | undefined }) {
  const { t } = useTranslation();
  switch (reason) {
    case "signed_out":
      return (
        <button
          type="button"
          className="link-button"
          onClick={() => void askToSignIn().catch(() => undefined)}
        >
          {t("vote.why.signedOut")}
        </button>
      );
    case "own_review":
      return t("vote.why.ownReview");
    case "quota_used":
      return (
        <>
          {t("vote.why.quotaUsed")} {resetsAt && <Countdown until={resetsAt} />}
        </>
      );
    default:
      return null;
  }
}

function Arrow({ side, isFilled }: { side: "up" | "down"; isFilled: boolean }) {
  return (
    <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <path
        d={side === "up" ? "M7 2 13 11H1z" : "M7 12 1 3h12z"}
        fill={isFilled ? "currentColor" : "none"}
        stroke="currentColor"
        strokeWidth="1.4"
        strokeLinejoin="round"
      />
    </svg>
  );
}
