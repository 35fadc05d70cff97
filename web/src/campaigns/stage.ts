import { serverNow } from "../api/clock";

/** Where a campaign stands, in the words of the API. */
export const STAGES = ["scheduled", "open", "closing", "drained", "final"] as const;
export type Stage = (typeof STAGES)[number];

export interface Timed {
  readonly state: string;
  readonly starts_at: string;
  readonly ends_at: string;
}

/** Where it stands now: an answer may be some seconds old when its hour strikes. */
export function stageOf(campaign: Timed, now: number): Stage {
  const said = STAGES.find((stage) => stage === campaign.state) ?? "scheduled";
  if (said === "scheduled" && now >= Date.parse(campaign.starts_at)) {
    return now >= Date.parse(campaign.ends_at) ? "closing" : "open";
  }
  return said === "open" && now >= Date.parse(campaign.ends_at) ? "closing" : said;
}

/** When it turns next: when to count down to. */
export function turnsAt(campaign: Timed, now: number): string | null {
  switch (stageOf(campaign, now)) {
    case "scheduled":
      return campaign.starts_at;
    case "open":
      return campaign.ends_at;
    default:
      return null;
  }
}

const NEAR_MS = 20_000;

/** Whether its state changes about now. */
export function isTurning(campaign: Timed, now = serverNow()): boolean {
  const stage = stageOf(campaign, now);
  if (stage === "closing" || stage === "drained") return true;
  return [campaign.starts_at, campaign.ends_at].some(
    (at) => Math.abs(Date.parse(at) - now) < NEAR_MS,
  );
}

/** Lists go by what can be done: open ones first, then those to come, then those that are over. */
export function grouped<C extends Timed>(campaigns: readonly C[], now: number) {
  const of = (wanted: (stage: Stage) => boolean) =>
    campaigns.filter((campaign) => wanted(stageOf(campaign, now)));
  return {
    open: of((stage) => stage === "open"),
    scheduled: of((stage) => stage === "scheduled"),
    over: of((stage) => stage !== "open" && stage !== "scheduled"),
  };
}
