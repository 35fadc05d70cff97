import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useCampaignName } from "../campaigns/queries";
import { number } from "../i18n/format";
import { NeedsRole } from "../session/NeedsSession";
import { Answered, Stale } from "../ui/states";
import { TableBox } from "../ui/TableBox";
import { At } from "../ui/Time";
import { useTitle } from "../ui/useTitle";
import { DeadLetters } from "./DeadLetters";
import { healthOf } from "./health";
import { type BallotBox, useBoxes } from "./queries";

/** How votes flow: the boxes they wait in, and what could not be settled. */
export default function OpsPage() {
  const { t } = useTranslation();
  useTitle(t("ops.title"));
  return (
    <div className="stack stack-wide">
      <h1>{t("ops.title")}</h1>
      <NeedsRole least="operator">
        <Boxes />
        <DeadLetters />
      </NeedsRole>
    </div>
  );
}

const LOOKS = {
  good: "badge badge-good",
  behind: "badge badge-warn",
  unserved: "badge badge-bad",
  shedding: "badge badge-bad",
  gone: "badge",
};

function Boxes() {
  const { t } = useTranslation();
  const asked = useBoxes();
  return (
    <section className="stack" aria-label={t("ops.boxes")}>
      <div className="row row-apart">
        <h2>
          {t("ops.boxes")} <Stale error={asked.data && asked.error} />
        </h2>
        {asked.data && (
          <span className="small soft">
            <At at={asked.data.as_of} />
          </span>
        )}
      </div>
      <Answered asked={asked}>
        {({ items }) => (
          <TableBox label={t("ops.boxes")}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{t("ops.box")}</th>
                  <th scope="col">{t("ops.health")}</th>
                  <th scope="col" className="end">
                    {t("ops.depth")}
                  </th>
                  <th scope="col" className="end">
                    {t("ops.age")}
                  </th>
                  <th scope="col" className="end">
                    {t("ops.workers")}
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((box) => (
                  <BoxRow key={box.name} box={box} />
                ))}
              </tbody>
            </table>
          </TableBox>
        )}
      </Answered>
      <p className="small soft">{t("ops.boxesHint")}</p>
    </section>
  );
}

function BoxOf({ campaignId }: { campaignId: string }) {
  const { t } = useTranslation();
  const name = useCampaignName(campaignId);
  return (
    <div>
      <Link to={`/campaigns/${campaignId}`}>{name ?? t("ops.campaign")}</Link>
    </div>
  );
}

function BoxRow({ box }: { box: BallotBox }) {
  const { t, i18n } = useTranslation();
  const health = healthOf(box);
  const n = (value: number | null | undefined) =>
    value === null || value === undefined ? "–" : number(i18n.language, value);
  return (
    <tr>
      <td className="mono wide-cell">
        {box.name}
        {box.campaign_id && <BoxOf campaignId={box.campaign_id} />}
      </td>
      <td>
        <span className={LOOKS[health]}>{t(`ops.healths.${health}`)}</span>
      </td>
      <td className="end">{n(box.depth)}</td>
      <td className="end">
        {box.age_s === null || box.age_s === undefined
          ? "–"
          : t("ops.seconds", { n: number(i18n.language, Math.round(box.age_s * 10) / 10) })}
      </td>
      <td className="end">{n(box.workers)}</td>
    </tr>
  );
}
