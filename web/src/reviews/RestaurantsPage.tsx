import { useDeferredValue, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { More } from "../ui/More";
import { Rating } from "../ui/Stars";
import { Answered, Empty } from "../ui/states";
import { useTitle } from "../ui/useTitle";
import { type Restaurant, useRestaurants } from "./queries";
import "./reviews.css";

/** How long typing must pause before it is searched for. */
const PAUSE_MS = 250;

export function RestaurantsPage() {
  const { t } = useTranslation();
  useTitle(t("place.title"));
  const [search, setSearch] = useSearchParams();
  const q = search.get("q") ?? "";
  const asked = useRestaurants(q);
  const places = asked.data?.pages.flatMap((page) => page.items);
  return (
    <div className="stack">
      <div className="row row-apart">
        <h1>{t("place.title")}</h1>
        <Search
          begun={q}
          search={(text) => setSearch(text ? { q: text } : {}, { replace: true })}
        />
      </div>
      <Answered asked={{ ...asked, data: places }} rows={6}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{q ? t("place.noneFound", { q }) : t("place.none")}</Empty>
          ) : (
            <ul className="places" aria-busy={asked.isPlaceholderData}>
              {list.map((place) => (
                <Place key={place.restaurant_id} place={place} />
              ))}
            </ul>
          )
        }
      </Answered>
      <More of={asked} />
    </div>
  );
}

function Place({ place }: { place: Restaurant }) {
  return (
    <li className="card place">
      <h2>
        <Link to={`/restaurants/${place.restaurant_id}`}>{place.name}</Link>
      </h2>
      <p className="small soft">{place.address}</p>
      <p>{place.description}</p>
      <Rating mean={place.stars_mean} n={place.n_reviews} />
    </li>
  );
}

function Search({ begun, search }: { begun: string; search: (text: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(begun);
  const wanted = useDeferredValue(text.trim());
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing starts a search.
  useEffect(() => {
    if (wanted === begun) return;
    const timer = setTimeout(() => search(wanted), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [wanted]);
  return (
    <search className="search">
      <input
        type="search"
        className="input"
        aria-label={t("place.search")}
        placeholder={t("place.search")}
        maxLength={200}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </search>
  );
}
