import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { number } from "../i18n/format";
import { NeedsSession } from "../session/NeedsSession";
import { type Me, useMe } from "../session/useSession";
import { Answered, Empty } from "../ui/states";
import { Countdown } from "../ui/Time";
import { useTitle } from "../ui/useTitle";
import { MyVotes } from "./MyVotes";
import { usePreferences } from "./queries";
import "./me.css";

export default function MePage() {
  const { t } = useTranslation();
  useTitle(t("me.title"));
  return (
    <div className="stack stack-wide">
      <h1>{t("me.title")}</h1>
      <NeedsSession>
        <Mine />
      </NeedsSession>
    </div>
  );
}

function Mine() {
  const asked = useMe();
  return (
    <>
      <Answered asked={asked} rows={1}>
        {(me) => <Account me={me} />}
      </Answered>
      <MyVotes />
      <Preferences />
    </>
  );
}

function Account({ me }: { me: Me }) {
  const { t, i18n } = useTranslation();
  const n = (value: number) => number(i18n.language, value);
  const { remaining, limit, resets_at } = me.votes;
  return (
    <dl className="tiles">
      <div className="card">
        <dt>{t("me.name")}</dt>
        <dd>
          <strong>{me.user_name}</strong>
          <span className="small soft">{t(`role.${me.role as "member"}`)}</span>
          <span className="mono me-id soft" title={t("me.id")}>
            {me.user_id}
          </span>
        </dd>
      </div>
      <div className="card">
        <dt>{t("me.votesLeft")}</dt>
        <dd>
          <strong className="numbers">
            {n(remaining)} / {n(limit)}
          </strong>
          <span className="small soft">
            {t("me.resetsIn")} <Countdown until={resets_at} />
          </span>
        </dd>
      </div>
      <div className="card">
        <dt>{t("me.credit")}</dt>
        <dd>
          <strong className="numbers">{n(me.credit)}</strong>
          <span className="small soft">{t("me.creditHint")}</span>
        </dd>
      </div>
    </dl>
  );
}

function Preferences() {
  const { t } = useTranslation();
  const asked = usePreferences();
  return (
    <section className="stack" aria-label={t("me.preferences")}>
      <h2>{t("me.preferences")}</h2>
      <p className="soft small">{t("me.preferencesHint")}</p>
      <Answered asked={asked} rows={1}>
        {({ restaurants, items }) =>
          restaurants.length === 0 ? (
            <Empty>{t("me.noPreferences")}</Empty>
          ) : (
            <div className="likings">
              <Likings
                title={t("me.restaurants")}
                likings={restaurants.map((place) => ({
                  ...place,
                  id: place.restaurant_id,
                  to: `/restaurants/${place.restaurant_id}`,
                }))}
              />
              <Likings
                title={t("me.items")}
                likings={items.map((item) => ({
                  ...item,
                  id: item.item_id,
                  to: `/items/${item.item_id}`,
                }))}
              />
            </div>
          )
        }
      </Answered>
    </section>
  );
}

interface Liking {
  readonly id: string;
  readonly to: string;
  readonly name: string;
  readonly score: number;
  readonly up_votes: number;
  readonly down_votes: number;
  readonly n_reviews: number;
}

function Likings({ title, likings }: { title: string; likings: readonly Liking[] }) {
  const { t, i18n } = useTranslation();
  const format = useMemo(
    () => new Intl.NumberFormat(i18n.language, { signDisplay: "exceptZero" }),
    [i18n.language],
  );
  return (
    <div className="card stack stack-close">
      <h3>{title}</h3>
      <ol>
        {likings.map((liking) => (
          <li key={liking.id} className="liking">
            <Link to={liking.to}>{liking.name}</Link>
            <strong className="numbers">{format.format(liking.score)}</strong>
            <span className="small soft">
              {t("me.liking", {
                up: liking.up_votes,
                down: liking.down_votes,
                reviews: liking.n_reviews,
              })}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
