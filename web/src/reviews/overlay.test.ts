import { describe, expect, it } from "vitest";
import { type Direction, step, type Vote } from "../votes/vote";
import { type Counts, countsCame, lay, shown, stillUncounted } from "./overlay";

const counts = (up: number, down = 0, mine: Counts["mine"] = null): Counts => ({ up, down, mine });
const vote = (direction: Direction): Vote => ({
  key: "k",
  userName: "ada",
  ballot: { product: "review", reviewId: "r", direction },
  madeAt: 0,
  phase: { at: "accepted", voteId: "v" },
  uncertain: false,
  endedAt: null,
});
const told = (before: Vote, state: string, at: number) =>
  step(before, { is: "told", state, reason: null }, at);

describe("one's own vote over counts", () => {
  it("shows at once, changes sides, and is taken back", () => {
    const over = (direction: Direction, beneath: Counts) =>
      shown(beneath, lay(vote(direction), beneath, null), vote(direction));
    expect(over("up", counts(12))).toEqual(counts(13, 0, "up"));
    expect(over("down", counts(13, 0, "up"))).toEqual(counts(12, 1, "down"));
    expect(over("none", counts(13, 2, "up"))).toEqual(counts(12, 2));
  });

  it("is not added to counts that have it already", () => {
    const overlay = lay(vote("up"), counts(12), null);
    const later = countsCame(overlay, vote("up"), counts(13, 0, "up"), 5, 6);
    expect(later).not.toBeNull();
    expect(later && shown(counts(13, 0, "up"), later, vote("up"))).toEqual(counts(13, 0, "up"));
  });

  it("goes once counts came that were asked for after its end", () => {
    const counted = told(vote("up"), "counted", 10);
    const overlay = lay(counted, counts(12), null);
    expect(countsCame(overlay, counted, counts(12), 9, 11)).toBe(overlay);
    expect(countsCame(overlay, counted, counts(13, 0, "up"), 10, 12)).toBeNull();
    expect(countsCame(overlay, undefined, counts(13), 0, 0)).toBeNull();
  });

  it("lets others' votes show while it is known to wait", () => {
    const overlay = lay(vote("up"), counts(12), null);
    const came = countsCame(overlay, vote("up"), counts(20, 3, "up"), 4, 5) ?? overlay;
    expect(shown(counts(20), came, vote("up")).up).toBe(13);
    expect(shown(counts(20), stillUncounted(came, 4), vote("up")).up).toBe(13);
    expect(shown(counts(20), stillUncounted(came, 6), vote("up"))).toEqual(counts(21, 3, "up"));
  });

  it("lies once, however many votes follow one another", () => {
    const first = lay(vote("up"), counts(12), null);
    const second = lay(vote("down"), counts(12), first);
    expect(shown(counts(12), second, vote("down"))).toEqual(counts(12, 1, "down"));
    expect(countsCame(second, vote("down"), counts(13, 0, "up"), 4, 5)).toBe(second);
  });

  it("is gone at once when the vote fails or is rejected", () => {
    const rejected = told(vote("up"), "rejected", 10);
    const overlay = lay(vote("up"), counts(12), null);
    expect(shown(counts(13, 0, "up"), overlay, rejected)).toEqual(counts(12));
  });
});
