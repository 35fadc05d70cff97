import { useTranslation } from "react-i18next";
import { Field } from "../ui/Field";
import { TextField } from "../ui/TextField";
import type { CampaignDraft, ChannelDraft, Expiry } from "./draft";
import { type Faults, faultsWithin } from "./faults";
import { zones } from "./zone";

interface Props {
  draft: CampaignDraft;
  change: (part: Partial<CampaignDraft>) => void;
  /** Whether it is open: then its name and a later end are all that changes. */
  isFixed: boolean;
  faults: Faults;
}

export function CampaignFields(props: Props) {
  const { t } = useTranslation();
  const { draft, change, faults } = props;
  return (
    <>
      <TextField
        label={t("editor.name")}
        error={faults.get("name")}
        required
        maxLength={200}
        value={draft.name}
        put={(name) => change({ name })}
      />
      <Times {...props} />
      <fieldset className="stack" disabled={props.isFixed}>
        <Tickets {...props} />
        <Channels {...props} />
        <Field
          label={t("editor.options")}
          hint={t("editor.optionsHint")}
          error={faultsWithin(faults, "options")}
        >
          {(control) => (
            <textarea
              {...control}
              className="input mono"
              required
              rows={8}
              spellCheck={false}
              value={draft.options}
              onChange={(event) => change({ options: event.target.value })}
            />
          )}
        </Field>
      </fieldset>
    </>
  );
}

/** Minutes are fine enough, but for a time that has seconds already. */
const stepOf = (local: string) => (local.length > "2026-05-01T20:00".length ? 1 : 60);

function Times({ draft, change, isFixed, faults }: Props) {
  const { t } = useTranslation();
  return (
    <>
      <Field label={t("editor.zone")} hint={t("editor.zoneHint")} error={faults.get("time_zone")}>
        {(control) => (
          <>
            <input
              {...control}
              required
              list="zones"
              disabled={isFixed}
              value={draft.zone}
              onChange={(event) => change({ zone: event.target.value })}
            />
            <datalist id="zones">
              {zones().map((zone) => (
                <option key={zone} value={zone} />
              ))}
            </datalist>
          </>
        )}
      </Field>
      <div className="fields">
        <TextField
          label={t("editor.startsAt")}
          error={faults.get("starts_at")}
          type="datetime-local"
          required
          step={stepOf(draft.startsAt)}
          disabled={isFixed}
          value={draft.startsAt}
          put={(startsAt) => change({ startsAt })}
        />
        <TextField
          label={t("editor.endsAt")}
          error={faults.get("ends_at")}
          type="datetime-local"
          required
          step={stepOf(draft.endsAt)}
          value={draft.endsAt}
          put={(endsAt) => change({ endsAt })}
        />
      </div>
    </>
  );
}

function Tickets({ draft, change, faults }: Props) {
  const { t } = useTranslation();
  return (
    <div className="fields">
      <TextField
        label={t("editor.freeDaily")}
        error={faults.get("free_daily_tickets")}
        type="number"
        required
        min={0}
        value={draft.freeDaily}
        put={(freeDaily) => change({ freeDaily })}
      />
      <TextField
        label={t("editor.mostPerVote")}
        error={faults.get("max_tickets_per_vote")}
        type="number"
        required
        min={1}
        value={draft.mostPerVote}
        put={(mostPerVote) => change({ mostPerVote })}
      />
      <Field label={t("editor.expiry")} error={faults.get("ticket_expiry.days")}>
        {(control) => (
          <select
            {...control}
            value={draft.expiry}
            onChange={(event) => change({ expiry: event.target.value as Expiry })}
          >
            <option value="end_of_day">{t("editor.expiries.endOfDay")}</option>
            <option value="days">{t("editor.expiries.days")}</option>
            <option value="campaign_end">{t("editor.expiries.campaignEnd")}</option>
          </select>
        )}
      </Field>
      {draft.expiry === "days" && (
        <TextField
          label={t("editor.expiryDays")}
          type="number"
          required
          min={1}
          max={366}
          value={draft.expiryDays}
          put={(expiryDays) => change({ expiryDays })}
        />
      )}
    </div>
  );
}

function Channels({ draft, change, faults }: Props) {
  const { t } = useTranslation();
  const put = (at: number, part: Partial<ChannelDraft>) =>
    change({
      channels: draft.channels.map((channel, n) => (n === at ? { ...channel, ...part } : channel)),
    });
  const added = { key: "", name: "", limit: "", voterKinds: "" };
  return (
    <fieldset className="stack stack-close">
      <legend className="legend">{t("editor.channels")}</legend>
      <ul className="stack">
        {draft.channels.map((channel, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: channels have no other name while their key is typed.
          <li key={at} className="channel">
            <TextField
              label={t("editor.channelKey")}
              value={channel.key}
              error={faults.get(`channels[${at}].key`)}
              put={(key) => put(at, { key })}
              required
            />
            <TextField
              label={t("editor.channelName")}
              value={channel.name}
              error={faults.get(`channels[${at}].name`)}
              put={(name) => put(at, { name })}
              required
            />
            <TextField
              label={t("editor.channelLimit")}
              value={channel.limit}
              error={faults.get(`channels[${at}].daily_ticket_limit`)}
              put={(limit) => put(at, { limit })}
              type="number"
              inputMode="numeric"
              min={1}
            />
            <TextField
              label={t("editor.voterKinds")}
              value={channel.voterKinds}
              error={faultsWithin(faults, `channels[${at}].voter_kinds`)}
              put={(voterKinds) => put(at, { voterKinds })}
            />
            {draft.channels.length > 1 && (
              <button
                type="button"
                className="button button-small"
                onClick={() => change({ channels: draft.channels.filter((_, n) => n !== at) })}
              >
                {t("editor.removeChannel")}
              </button>
            )}
          </li>
        ))}
      </ul>
      <div>
        <button
          type="button"
          className="button button-small"
          onClick={() => change({ channels: [...draft.channels, added] })}
        >
          {t("editor.addChannel")}
        </button>
      </div>
    </fieldset>
  );
}
