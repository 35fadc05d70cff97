import { describe, expect, it } from "vitest";
import { healthOf } from "./health";

const box = { name: "votes.reviews", depth: 0, age_s: 0, workers: 2, takes_votes: true };

describe("a ballot box", () => {
  it("is good while its votes are settled in seconds", () => {
    expect(healthOf(box)).toBe("good");
    expect(healthOf({ ...box, depth: 9_000, age_s: 1.5 })).toBe("good");
    expect(healthOf({ ...box, age_s: null })).toBe("good");
  });

  it("says what is the matter, the worst first", () => {
    expect(healthOf({ ...box, age_s: 6 })).toBe("behind");
    expect(healthOf({ ...box, depth: 1, workers: 0 })).toBe("unserved");
    expect(healthOf({ ...box, takes_votes: false, age_s: 60 })).toBe("shedding");
    expect(healthOf({ ...box, depth: null })).toBe("gone");
  });
});
