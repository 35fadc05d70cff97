import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { Choice } from "../ui/Field";
import { More } from "../ui/More";
import { Answered, Empty, Stale } from "../ui/states";
import { type Scope, SORTS, type Sort, usePolledCounts, useReviews } from "./queries";
import { ReviewCard } from "./ReviewCard";

/** The reviews of a restaurant or an item; their counts are polled in one request. */
export function ReviewList(props: { scope: Scope; itemNames?: ReadonlyMap<string, string> }) {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const sort = SORTS.find((name) => name === search.get("sort")) ?? "new";
  const asked = useReviews(props.scope, sort);
  const reviews = useMemo(() => asked.data?.pages.flatMap((page) => page.items), [asked.data]);
  const ids = useMemo(() => reviews?.map((review) => review.review_id) ?? [], [reviews]);
  const counts = usePolledCounts(ids);
  const choose = (name: Sort) =>
    setSearch(name === "new" ? {} : { sort: name }, { replace: true, preventScrollReset: true });
  return (
    <section className="stack" aria-label={t("review.list")}>
      <div className="row row-apart">
        <h2>
          {t("review.list")} <Stale error={counts.error} />
        </h2>
        <Choice
          label={t("review.sort")}
          value={sort}
          of={SORTS.map((name) => [name, t(`review.sorts.${name}`)] as const)}
          choose={choose}
        />
      </div>
      <Answered asked={{ ...asked, data: reviews }}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t("review.none")}</Empty>
          ) : (
            <div className="stack">
              {list.map((review) => (
                <ReviewCard
                  key={review.review_id}
                  review={review}
                  itemName={props.itemNames?.get(review.item_id)}
                />
              ))}
            </div>
          )
        }
      </Answered>
      <More of={asked} />
    </section>
  );
}
