import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { hour, number } from "../i18n/format";
import { useMay } from "../session/useSession";
import { More } from "../ui/More";
import { Answered, Empty, Loading } from "../ui/states";
import { type Campaign, useFans, useHours } from "./queries";

/** Where it cannot be loaded, the table says the same. */
const HoursChart = lazy(() => import("./HoursChart").catch(() => ({ default: () => <></> })));

type Option = Campaign["options"][number];

/** One option: its tickets hour by hour, and its fans. */
export function OptionDetails(props: { campaign: Campaign; option: Option; close: () => void }) {
  const { t } = useTranslation();
  const { campaign, option } = props;
  return (
    <section className="card stack" aria-label={option.name}>
      <div className="row row-apart">
        <h2>{option.name}</h2>
        <button type="button" className="button button-small" onClick={props.close}>
          {t("action.close")}
        </button>
      </div>
      {option.subject_kind === "restaurant" && option.subject_id && (
        <p className="small">
          <Link to={`/restaurants/${option.subject_id}`}>{t("option.restaurant")}</Link>
        </p>
      )}
      <Hours campaign={campaign} option={option} />
      <Fans campaign={campaign} option={option} />
    </section>
  );
}

function Hours({ campaign, option }: { campaign: Campaign; option: Option }) {
  const { t, i18n } = useTranslation();
  const asked = useHours(campaign.campaign_id, option.key);
  return (
    <div className="stack">
      <h3>{t("hours.title")}</h3>
      <Answered asked={asked} rows={2}>
        {({ hours }) => {
          const counted = hours.filter(({ votes }) => votes > 0).reverse();
          if (counted.length === 0) return <Empty>{t("hours.none")}</Empty>;
          return (
            <>
              <Suspense fallback={<Loading rows={2} />}>
                <HoursChart hours={hours} zone={campaign.time_zone} />
              </Suspense>
              <details>
                <summary className="small">{t("hours.table")}</summary>
                <div className="table-box hours-table">
                  <table>
                    <thead>
                      <tr>
                        <th scope="col">{t("hours.hour", { zone: campaign.time_zone })}</th>
                        <th scope="col" className="end">
                          {t("hours.tickets")}
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {counted.map((row) => (
                        <tr key={row.hour}>
                          <td>{hour(i18n.language, new Date(row.hour), campaign.time_zone)}</td>
                          <td className="end">{number(i18n.language, row.votes)}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              </details>
            </>
          );
        }}
      </Answered>
    </div>
  );
}

function Fans({ campaign, option }: { campaign: Campaign; option: Option }) {
  const { t, i18n } = useTranslation();
  const asked = useFans(campaign.campaign_id, option.key);
  const fans = asked.data?.pages.flatMap((page) => page.items);
  const me = asked.data?.pages[0]?.me;
  const n = (value: number) => number(i18n.language, value);
  // Who grants and voids names voters by their ids.
  const isOperator = useMay("operator");
  return (
    <div className="stack">
      <h3>{t("fans.title")}</h3>
      {me && (
        <p className="note note-good">
          {me.at_least
            ? t("fans.meAtLeast", { rank: n(me.rank), votes: n(me.votes), count: me.votes })
            : t("fans.me", { rank: n(me.rank), votes: n(me.votes), count: me.votes })}
        </p>
      )}
      <Answered asked={{ ...asked, data: fans }} rows={1}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t("fans.none")}</Empty>
          ) : (
            <ol className="fans">
              {list.map((fan) => (
                <li key={`${fan.voter.kind} ${fan.voter.id}`} className="fan">
                  <span className="numbers soft">{n(fan.rank)}</span>
                  <span className="board-name">
                    {fan.name}{" "}
                    {fan.voter.kind !== "member" && <span className="badge">{fan.voter.kind}</span>}
                    {isOperator && <span className="mono small soft">{fan.voter.id}</span>}
                  </span>
                  <span className="numbers">{n(fan.votes)}</span>
                </li>
              ))}
            </ol>
          )
        }
      </Answered>
      <More of={asked} />
    </div>
  );
}
