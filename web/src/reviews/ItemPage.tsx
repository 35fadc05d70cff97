import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { Rating } from "../ui/Stars";
import { Answered } from "../ui/states";
import { useTitle } from "../ui/useTitle";
import { type Item, useItem, useRestaurant } from "./queries";
import { ReviewList } from "./ReviewList";
import { WriteReview } from "./WriteReview";

export default function ItemPage() {
  const { itemId = "" } = useParams();
  const asked = useItem(itemId);
  useTitle(asked.data?.name);
  return <Answered asked={asked}>{(item) => <Whole item={item} />}</Answered>;
}

function Whole({ item }: { item: Item }) {
  const { t } = useTranslation();
  const restaurant = useRestaurant(item.restaurant_id).data;
  const scope = useMemo(() => ({ itemId: item.item_id }), [item.item_id]);
  return (
    <div className="stack stack-wide">
      <header className="stack stack-close">
        <p className="small">
          <Link to={`/restaurants/${item.restaurant_id}`}>
            {restaurant?.name ?? t("item.restaurant")}
          </Link>
        </p>
        <h1>{item.name}</h1>
        <p>{item.description}</p>
        <Rating mean={item.stars_mean} n={item.n_reviews} />
      </header>
      <WriteReview restaurantId={item.restaurant_id} items={[item]} />
      <ReviewList scope={scope} />
    </div>
  );
}
