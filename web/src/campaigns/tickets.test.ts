import { describe, expect, it } from "vitest";
import type { Campaign, Lot } from "./queries";
import { fitting, isOpenToMembers, mostTickets, unexpired } from "./tickets";

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

describe("a wallet", () => {
  const lot = (remaining: number, second: number) =>
    ({ remaining, expires_at: new Date(second * 1_000).toISOString() }) as Lot;

  it("loses what expires, from the very moment on", () => {
    const wallet = { balance: 7, lots: [lot(2, 100), lot(5, 200)] };
    expect(unexpired(wallet, 99_999)).toBe(wallet);
    expect(unexpired(wallet, 100_000)).toEqual({ balance: 5, lots: [lot(5, 200)] });
    expect(unexpired(wallet, 200_000)).toEqual({ balance: 0, lots: [] });
  });

  it("does not owe tickets that votes on their way have taken already", () => {
    expect(unexpired({ balance: 1, lots: [lot(3, 100)] }, 100_000).balance).toBe(0);
  });
});
