import { useTranslation } from "react-i18next";
import { StageBadge } from "../campaigns/Stages";
import { number } from "../i18n/format";
import { ZonedAt } from "../ui/Time";
import { type NewCampaign, outline } from "./draft";

/** What voters will see, while it is typed. */
export function CampaignPreview({ body }: { body: NewCampaign | null }) {
  const { t, i18n } = useTranslation();
  if (body === null) {
    return (
      <aside className="card" aria-label={t("preview.title")}>
        <p className="soft">{t("preview.incomplete")}</p>
      </aside>
    );
  }
  const { days, freeTickets } = outline(body);
  const n = (value: number) => number(i18n.language, value);
  const expiry = body.ticket_expiry;
  return (
    <aside className="card stack preview" aria-label={t("preview.title")}>
      <p className="small soft">{t("preview.title")}</p>
      <h2>{body.name || t("preview.noName")}</h2>
      <StageBadge campaign={{ ...body, state: "scheduled" }} />
      <dl className="facts small">
        <dt>{t("editor.startsAt")}</dt>
        <dd>
          <ZonedAt at={body.starts_at} zone={body.time_zone} />
        </dd>
        <dt>{t("editor.endsAt")}</dt>
        <dd>
          <ZonedAt at={body.ends_at} zone={body.time_zone} />
        </dd>
        <dt>{t("preview.free")}</dt>
        <dd>
          {t("preview.freeInAll", {
            daily: n(body.free_daily_tickets),
            days: n(days),
            count: days,
            all: n(freeTickets),
          })}
        </dd>
        <dt>{t("editor.expiry")}</dt>
        <dd>
          {expiry.kind === "days"
            ? t("preview.expiryDays", { count: expiry.days })
            : t(`editor.expiries.${expiry.kind === "end_of_day" ? "endOfDay" : "campaignEnd"}`)}
        </dd>
        <dt>{t("editor.channels")}</dt>
        <dd>{body.channels.map(({ key, name }) => name || key).join(", ")}</dd>
      </dl>
      <p className="small">{t("campaign.options", { count: body.options.length })}</p>
      <ol className="board preview-options" hidden={body.options.length === 0}>
        {body.options.slice(0, 12).map(({ key, name }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: while they are typed, keys may be the same.
          <li key={at} className="preview-option">
            <span>{name}</span> <span className="mono small soft">{key}</span>
          </li>
        ))}
      </ol>
    </aside>
  );
}
