import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { askForCounts } from "../reviews/countStore";
import { Dialog } from "../ui/Dialog";
import { VoidForm } from "./VoidForm";

/** Voids votes on a review; for moderators. */
export function VoidReviewVotes({ reviewId, close }: { reviewId: string; close: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("void.title")} close={close}>
      <VoidForm
        forfeited={t("void.forfeitVotes")}
        send={async (body) => {
          const params = { path: { review_id: reviewId } };
          const voided = await answer(
            api.POST("/api/v1/reviews/{review_id}/voids", { params, body }),
          );
          askForCounts();
          return voided;
        }}
      />
      <div>
        <button type="button" className="button button-plain" onClick={close}>
          {t("action.close")}
        </button>
      </div>
    </Dialog>
  );
}
