import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { Answered, Stale } from "../ui/states";
import { useTitle } from "../ui/useTitle";
import { type Review, useItem, usePolledCounts, useRestaurant, useReview } from "./queries";
import { ReviewCard } from "./ReviewCard";

export default function ReviewPage() {
  const { reviewId = "" } = useParams();
  const asked = useReview(reviewId);
  return <Answered asked={asked}>{(review) => <Whole review={review} />}</Answered>;
}

function Whole({ review }: { review: Review }) {
  const { t } = useTranslation();
  const item = useItem(review.item_id).data;
  const restaurant = useRestaurant(review.restaurant_id).data;
  const title = t("review.of", { name: item?.name ?? "…" });
  useTitle(title);
  const counts = usePolledCounts(useMemo(() => [review.review_id], [review.review_id]));
  return (
    <div className="stack">
      <p className="small">
        <Link to={`/restaurants/${review.restaurant_id}`}>
          {restaurant?.name ?? t("item.restaurant")}
        </Link>
      </p>
      <h1>
        {title} <Stale error={counts.error} />
      </h1>
      <ReviewCard review={review} itemName={item?.name} />
    </div>
  );
}
