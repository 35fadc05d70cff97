import { describe, expect, it } from "vitest";
import { countdown, countdownParts, relative, stars, zoned } from "./format";

const DAY = 86_400_000;

describe("a countdown", () => {
  it("says the two largest parts, down to the second", () => {
    expect(countdownParts(2 * DAY + 3 * 3_600_000 + 1)).toEqual([
      ["day", 2],
      ["hour", 3],
    ]);
    expect(countdownParts(61_000)).toEqual([
      ["minute", 1],
      ["second", 1],
    ]);
    expect(countdownParts(3_600_000)).toEqual([["hour", 1]]);
    expect(countdownParts(60_000)).toEqual([
      ["minute", 1],
      ["second", 0],
    ]);
    expect(countdownParts(9_001)).toEqual([["second", 10]]);
    for (const ms of [0, -5_000]) expect(countdownParts(ms)).toEqual([["second", 0]]);
  });

  it("is said in the reader's language", () => {
    expect(countdown("en", 2 * DAY + 3_600_000)).toBe("2 days 1 hr");
    expect(countdown("zh", 2 * DAY + 3_600_000)).toBe("2天 1小时");
  });
});

describe("times and numbers", () => {
  it("are relative to now", () => {
    expect(relative("en", 0, 3 * DAY)).toBe("3 days ago");
    expect(relative("zh", 0, 3 * DAY)).toBe("3天前");
    expect(relative("en", 0, 20_000)).toBe("now");
    expect(relative("en", 2 * 3_600_000, 0)).toBe("in 2 hours");
  });

  it("are of the zone that is asked for", () => {
    const at = new Date("2026-05-01T18:00:00Z");
    expect(zoned("en-GB", at, "Europe/Berlin")).toMatch(/1 May 2026.*20:00/);
    expect(zoned("en", at, "America/New_York")).toContain("2:00");
  });

  it("have one decimal where they are means", () => {
    expect([stars("en", 4), stars("en", 4.25)]).toEqual(["4.0", "4.3"]);
  });
});
