import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { asProblem } from "../api/problem";
import { Stars } from "../ui/Stars";
import type { Review } from "./queries";
import { type Draft, ReviewForm } from "./ReviewForm";

/** Changes a review of one's own. If it was changed meanwhile, both versions are shown. */
export function EditReview({ review, close }: { review: Review; close: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [base, setBase] = useState(review.version);
  const [other, setOther] = useState<Review | null>(null);

  async function send({ stars, content }: Draft) {
    const path = { review_id: review.review_id };
    const header = { "If-Match": `"${base}"` };
    const body = { stars, content };
    const params = { path, header };
    try {
      await answer(api.PATCH("/api/v1/reviews/{review_id}", { params, body }));
    } catch (error) {
      if (asProblem(error).code === "stale_version") {
        const now = await answer(api.GET("/api/v1/reviews/{review_id}", { params: { path } }));
        // What was typed stays; saving once more is then meant to replace this version.
        setOther(now);
        setBase(now.version);
      }
      throw error;
    }
    for (const key of ["reviews", "review", "restaurants", "items"]) {
      void queries.invalidateQueries({ queryKey: [key] });
    }
    close();
  }

  const begun = { itemId: review.item_id, stars: review.stars, content: review.content };
  return (
    <ReviewForm
      begun={begun}
      send={send}
      close={close}
      submit={other ? t("review.saveOver") : t("action.save")}
    >
      <h3>{t("review.edit")}</h3>
      {other && (
        <div className="versions">
          <div className="version stack stack-close">
            <strong>{t("review.theirs")}</strong>
            <Stars n={other.stars} />
            <p className="review-content">{other.content}</p>
          </div>
          <p className="soft small">{t("review.staleHint")}</p>
        </div>
      )}
    </ReviewForm>
  );
}
