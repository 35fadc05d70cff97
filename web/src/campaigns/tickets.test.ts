import { describe, expect, it } from "vitest";
import type { Campaign } from "./queries";
import { fitting, isOpenToMembers, mostTickets } from "./tickets";

const channel = (more: object) => ({ key: "web", name: "Web", ...more });
const campaign = { max_tickets_per_vote: 10 } as Campaign;

describe("tickets for one vote", () => {
  it("are at most what is held, what one vote may spend, and what the channel takes", () => {
    expect(mostTickets(campaign, channel({}), 30)).toBe(10);
    expect(mostTickets(campaign, channel({}), 4)).toBe(4);
    expect(mostTickets(campaign, channel({ daily_ticket_limit: 5 }), 30)).toBe(5);
    expect(mostTickets(campaign, undefined, 0)).toBe(0);
  });

  it("are whole, and at least one", () => {
    expect([3.7, 0, -2, 99, Number.NaN].map((wanted) => fitting(wanted, 10))).toEqual([
      3, 1, 1, 10, 1,
    ]);
    expect(fitting(5, 0)).toBe(1);
  });

  it("go through channels that are open to members", () => {
    expect(isOpenToMembers(channel({}))).toBe(true);
    expect(isOpenToMembers(channel({ voter_kinds: null }))).toBe(true);
    expect(isOpenToMembers(channel({ voter_kinds: ["jury", "member"] }))).toBe(true);
    expect(isOpenToMembers(channel({ voter_kinds: ["jury"] }))).toBe(false);
  });
});
