import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, outcome } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import { VoidReviewVotes } from "../operate/VoidReviewVotes";
import { useMay, useMe } from "../session/useSession";
import { Dialog } from "../ui/Dialog";
import { focusIf } from "../ui/focus";
import { useProblemText } from "../ui/problemText";
import { Stars } from "../ui/Stars";
import { Ago } from "../ui/Time";
import { EditReview } from "./EditReview";
import type { Review } from "./queries";
import { VoteButtons } from "./VoteButtons";
import "./reviews.css";

/** A review, the votes on it, and what may be done with it. */
export function ReviewCard({ review, itemName }: { review: Review; itemName?: string }) {
  const { t } = useTranslation();
  const [doing, setDoing] = useState<"edit" | "remove" | "void" | null>(null);
  const [wasEditing, setWasEditing] = useState(false);
  const done = () => setDoing(null);
  const choose = (deed: "edit" | "remove" | "void") => {
    setDoing(deed);
    setWasEditing(deed === "edit");
  };
  if (doing === "edit") return <EditReview review={review} close={done} />;
  return (
    <article className="card review" data-review={review.review_id}>
      <div className="review-head">
        <Stars n={review.stars} />
        {itemName && <Link to={`/items/${review.item_id}`}>{itemName}</Link>}
        <span className="small soft">
          {t("review.by", { name: review.author.user_name })} ·{" "}
          <Link to={`/reviews/${review.review_id}`}>
            <Ago at={review.created_at} />
          </Link>
          {review.version > 1 && ` · ${t("review.edited")}`}
        </span>
        {review.reward_sent_at && <span className="badge badge-good">{t("review.rewarded")}</span>}
      </div>
      <p className="review-content">{review.content}</p>
      <div className="review-foot">
        <VoteButtons review={review} />
        <Deeds review={review} choose={choose} wasEditing={wasEditing} />
      </div>
      {doing === "remove" && <RemoveReview review={review} close={done} />}
      {doing === "void" && <VoidReviewVotes reviewId={review.review_id} close={done} />}
    </article>
  );
}

function Deeds(props: {
  review: Review;
  choose: (deed: "edit" | "remove" | "void") => void;
  wasEditing: boolean;
}) {
  const { t } = useTranslation();
  const isAuthor = useMe().data?.user_id === props.review.author.user_id;
  const isModerator = useMay("moderator");
  const deeds = [
    ...(isAuthor ? (["edit"] as const) : []),
    ...(isAuthor || isModerator ? (["remove"] as const) : []),
    ...(isModerator ? (["void"] as const) : []),
  ];
  if (deeds.length === 0) return null;
  return (
    <div className="row">
      {deeds.map((deed) => (
        <button
          type="button"
          key={deed}
          className="button button-plain button-small"
          ref={focusIf(deed === "edit" && props.wasEditing)}
          onClick={() => props.choose(deed)}
        >
          {t(`review.deed.${deed}`)}
        </button>
      ))}
    </div>
  );
}

function RemoveReview({ review, close }: { review: Review; close: () => void }) {
  const { t } = useTranslation();
  const say = useProblemText();
  const queries = useQueryClient();
  const [problem, setProblem] = useState<Problem | null>(null);

  async function remove() {
    const params = { path: { review_id: review.review_id } };
    try {
      await outcome(api.DELETE("/api/v1/reviews/{review_id}", { params }));
    } catch (error) {
      setProblem(asProblem(error));
      return;
    }
    for (const key of ["reviews", "review", "restaurants", "items"]) {
      void queries.invalidateQueries({ queryKey: [key] });
    }
    close();
  }

  return (
    <Dialog title={t("review.removeTitle")} close={close}>
      <p>{t("review.removeDetail")}</p>
      {problem && (
        <p className="note note-bad" role="alert">
          {say(problem)}
        </p>
      )}
      <div className="row">
        <button type="button" className="button button-bad" onClick={remove}>
          {t("review.deed.remove")}
        </button>
        <button type="button" className="button button-plain" onClick={close}>
          {t("action.cancel")}
        </button>
      </div>
    </Dialog>
  );
}
