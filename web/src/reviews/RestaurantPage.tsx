import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { More } from "../ui/More";
import { Rating } from "../ui/Stars";
import { Answered, Empty } from "../ui/states";
import { useTitle } from "../ui/useTitle";
import { type Restaurant, useItems, useRestaurant } from "./queries";
import { ReviewList } from "./ReviewList";
import { WriteReview } from "./WriteReview";
import "./reviews.css";

export function RestaurantPage() {
  const { restaurantId = "" } = useParams();
  const asked = useRestaurant(restaurantId);
  useTitle(asked.data?.name);
  return <Answered asked={asked}>{(restaurant) => <Whole restaurant={restaurant} />}</Answered>;
}

function Whole({ restaurant }: { restaurant: Restaurant }) {
  const { t } = useTranslation();
  const asked = useItems(restaurant.restaurant_id);
  const items = useMemo(() => asked.data?.pages.flatMap((page) => page.items), [asked.data]);
  const names = useMemo(() => new Map(items?.map((item) => [item.item_id, item.name])), [items]);
  const scope = useMemo(() => ({ restaurantId: restaurant.restaurant_id }), [restaurant]);
  return (
    <div className="stack stack-wide">
      <header className="stack stack-close">
        <p className="small">
          <Link to="/restaurants">{t("place.title")}</Link>
        </p>
        <h1>{restaurant.name}</h1>
        <p className="soft">{restaurant.address}</p>
        <p>{restaurant.description}</p>
        <Rating mean={restaurant.stars_mean} n={restaurant.n_reviews} />
      </header>
      <section className="stack" aria-label={t("item.list")}>
        <h2>{t("item.list")}</h2>
        <Answered asked={{ ...asked, data: items }}>
          {(list) =>
            list.length === 0 ? (
              <Empty>{t("item.none")}</Empty>
            ) : (
              <ul className="dishes">
                {list.map((item) => (
                  <li key={item.item_id} className="card place dish">
                    <h3>
                      <Link to={`/items/${item.item_id}`}>{item.name}</Link>
                    </h3>
                    <p className="small">{item.description}</p>
                    <Rating mean={item.stars_mean} n={item.n_reviews} />
                  </li>
                ))}
              </ul>
            )
          }
        </Answered>
        <More of={asked} />
      </section>
      {items && items.length > 0 && (
        <WriteReview restaurantId={restaurant.restaurant_id} items={items} />
      )}
      <ReviewList scope={scope} itemNames={names} />
    </div>
  );
}
