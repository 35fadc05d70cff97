import { describe, expect, it } from "vitest";
import { grouped, isTurning, stageOf, turnsAt } from "./stage";

const campaign = (state: string) => ({
  state,
  starts_at: "2026-05-01T00:00:00Z",
  ends_at: "2026-05-02T00:00:00Z",
});
const [start, end] = [Date.parse("2026-05-01T00:00:00Z"), Date.parse("2026-05-02T00:00:00Z")];

describe("a campaign's stage", () => {
  it("follows the clock where the answer is older than its hour", () => {
    expect(stageOf(campaign("scheduled"), start - 1)).toBe("scheduled");
    expect(stageOf(campaign("scheduled"), start)).toBe("open");
    expect(stageOf(campaign("open"), end - 1)).toBe("open");
    expect(stageOf(campaign("open"), end)).toBe("closing");
    expect(stageOf(campaign("scheduled"), end)).toBe("closing");
    expect(stageOf(campaign("drained"), start)).toBe("drained");
    expect(stageOf(campaign("final"), start)).toBe("final");
  });

  it("counts down to its start, then to its end, then to nothing", () => {
    expect(turnsAt(campaign("scheduled"), start - 1)).toBe("2026-05-01T00:00:00Z");
    expect(turnsAt(campaign("open"), start)).toBe("2026-05-02T00:00:00Z");
    expect(turnsAt(campaign("open"), end)).toBeNull();
  });

  it("is asked for often when it is about to turn, and while it closes", () => {
    expect(isTurning(campaign("open"), start + 3_600_000)).toBe(false);
    expect(isTurning(campaign("open"), end - 5_000)).toBe(true);
    expect(isTurning(campaign("closing"), end + 3_600_000)).toBe(true);
    expect(isTurning(campaign("final"), end + 3_600_000)).toBe(false);
  });

  it("groups by what can be done", () => {
    const all = ["open", "scheduled", "final", "closing"].map(campaign);
    const groups = grouped(all, start - 1);
    expect([groups.open.length, groups.scheduled.length, groups.over.length]).toEqual([1, 1, 2]);
  });
});
