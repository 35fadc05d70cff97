import type { Body } from "../api/client";
import type { Campaign } from "../campaigns/queries";
import { toLocal, toMoment } from "./zone";

export type Expiry = "end_of_day" | "days" | "campaign_end";

export interface ChannelDraft {
  readonly key: string;
  readonly name: string;
  /** As typed; nothing for no limit. */
  readonly limit: string;
  /** As typed, with commas between them; nothing for everybody. */
  readonly voterKinds: string;
}

/** A campaign as it stands in the form. */
export interface CampaignDraft {
  readonly name: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly zone: string;
  readonly freeDaily: string;
  readonly expiry: Expiry;
  readonly expiryDays: string;
  readonly mostPerVote: string;
  readonly channels: readonly ChannelDraft[];
  /** One option in a line: `key | name`, with `| kind | id` of what it stands for. */
  readonly options: string;
}

const DAY_MS = 86_400_000;

/** A campaign to begin with: from the next full hour on, for a week. */
export function emptyDraft(now: number, zone: string): CampaignDraft {
  const hour = Math.ceil(now / 3_600_000) * 3_600_000;
  return {
    name: "",
    startsAt: toLocal(new Date(hour).toISOString(), zone),
    endsAt: toLocal(new Date(hour + 7 * DAY_MS).toISOString(), zone),
    zone,
    freeDaily: "3",
    expiry: "end_of_day",
    expiryDays: "7",
    mostPerVote: "10",
    channels: [{ key: "web", name: "Web", limit: "", voterKinds: "" }],
    options: "",
  };
}

export function draftOf(campaign: Campaign): CampaignDraft {
  const { ticket_expiry: expiry, time_zone: zone } = campaign;
  return {
    name: campaign.name,
    startsAt: toLocal(campaign.starts_at, zone),
    endsAt: toLocal(campaign.ends_at, zone),
    zone,
    freeDaily: String(campaign.free_daily_tickets),
    expiry: expiry.kind,
    expiryDays: expiry.kind === "days" ? String(expiry.days) : "7",
    mostPerVote: String(campaign.max_tickets_per_vote),
    channels: campaign.channels.map((channel) => ({
      key: channel.key,
      name: channel.name,
      limit: channel.daily_ticket_limit ? String(channel.daily_ticket_limit) : "",
      voterKinds: channel.voter_kinds?.join(", ") ?? "",
    })),
    options: campaign.options
      .map(({ key, name, subject_kind, subject_id }) =>
        [key, name, ...(subject_kind && subject_id ? [subject_kind, subject_id] : [])].join(" | "),
      )
      .join("\n"),
  };
}

export interface OptionDraft {
  readonly key: string;
  readonly name: string;
  readonly subject_kind?: string;
  readonly subject_id?: string;
}

/** The options of the lines that are typed; a line that is a name alone gets a key of it. */
export function optionsOf(text: string): OptionDraft[] {
  return text
    .split("\n")
    .map((line) => line.split("|").map((part) => part.trim()))
    .filter(([first]) => first)
    .map(([first = "", name, kind, id]) => ({
      key: name ? first : keyOf(first),
      name: name || first,
      ...(kind || id ? { subject_kind: kind ?? "", subject_id: id ?? "" } : {}),
    }));
}

/** A name in letters that keys are made of; whatever is left as it is, the server judges. */
function keyOf(name: string): string {
  const plain = name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const key = plain.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  return key.slice(0, 64) || name;
}

export type NewCampaign = Body<"NewCampaignBody">;

/** What is sent; null while a time is missing. The server judges the rest, and names each
 * field that it does not take. */
export function bodyOf(draft: CampaignDraft): NewCampaign | null {
  const startsAt = toMoment(draft.startsAt, draft.zone);
  const endsAt = toMoment(draft.endsAt, draft.zone);
  if (startsAt === null || endsAt === null) return null;
  return {
    name: draft.name,
    starts_at: startsAt,
    ends_at: endsAt,
    time_zone: draft.zone.trim(),
    free_daily_tickets: Number(draft.freeDaily),
    ticket_expiry:
      draft.expiry === "days"
        ? { kind: "days", days: Number(draft.expiryDays) }
        : { kind: draft.expiry },
    max_tickets_per_vote: Number(draft.mostPerVote),
    channels: draft.channels.map((channel) => ({
      key: channel.key.trim(),
      name: channel.name,
      ...(channel.limit.trim() ? { daily_ticket_limit: Number(channel.limit) } : {}),
      ...(channel.voterKinds.trim()
        ? {
            voter_kinds: channel.voterKinds
              .split(",")
              .map((kind) => kind.trim())
              .filter(Boolean),
          }
        : {}),
    })),
    options: optionsOf(draft.options),
  };
}

/** The fields of `after` that differ from `before`: an edit names those alone, for most are
 * fixed once a campaign is open. */
export function editOf(before: NewCampaign, after: NewCampaign): Partial<NewCampaign> {
  const changed = Object.entries(after).filter(([field, value]) => {
    const old = before[field as keyof NewCampaign];
    return JSON.stringify(old) !== JSON.stringify(value);
  });
  return Object.fromEntries(changed) as Partial<NewCampaign>;
}

/** What each field that an edit can name is called in the form. */
const LABELS = {
  name: "name",
  starts_at: "startsAt",
  ends_at: "endsAt",
  time_zone: "zone",
  free_daily_tickets: "freeDaily",
  ticket_expiry: "expiry",
  max_tickets_per_vote: "mostPerVote",
  channels: "channels",
  options: "options",
} as const satisfies Record<keyof NewCampaign, string>;

export interface FieldChange {
  readonly label: (typeof LABELS)[keyof NewCampaign];
  /** What the form has for it now; null where that is more than a line. */
  readonly value: string | null;
}

/** How a campaign has changed from `before` to `after`, as the form would show it. */
export function changesOf(before: Campaign, after: Campaign): FieldChange[] {
  const [old, draft] = [bodyOf(draftOf(before)), draftOf(after)];
  const now = bodyOf(draft);
  if (old === null || now === null) return [];
  const lines: Partial<Record<keyof NewCampaign, string>> = {
    name: draft.name,
    starts_at: draft.startsAt,
    ends_at: draft.endsAt,
    time_zone: draft.zone,
    free_daily_tickets: draft.freeDaily,
    max_tickets_per_vote: draft.mostPerVote,
  };
  return Object.keys(editOf(old, now)).map((name) => {
    const field = name as keyof NewCampaign;
    return { label: LABELS[field], value: lines[field] ?? null };
  });
}

/** What voters get in all, for the preview. */
export function outline(body: NewCampaign): { days: number; freeTickets: number } {
  const ms = Date.parse(body.ends_at) - Date.parse(body.starts_at);
  // Local days that the campaign has a part in, about: the first and the last may be short.
  const days = Math.max(0, Math.ceil(ms / DAY_MS));
  return { days, freeTickets: days * body.free_daily_tickets };
}
