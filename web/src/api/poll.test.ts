import { describe, expect, it } from "vitest";
import { polling, pollMs, QUICK } from "./poll";
import { Problem } from "./problem";

const calm = (calmMs: number) => pollMs(QUICK, { nFailures: 0, retryAfterMs: null, calmMs }, 0.5);

describe("polling", () => {
  it("is quick while something changes, and slows down when nothing does", () => {
    expect(calm(0)).toBe(2_000);
    expect(calm(30_000)).toBe(2_000);
    expect(calm(45_000)).toBe(6_000);
    expect(calm(3_600_000)).toBe(10_000);
  });

  it("is spread, so that pages opened together do not ask together", () => {
    const wait = (random: number) =>
      pollMs(QUICK, { nFailures: 0, retryAfterMs: null, calmMs: 0 }, random);
    expect([wait(0), wait(1)]).toEqual([1_800, 2_200]);
  });

  it("backs off when it fails, and longer when it is told to", () => {
    const failed = (nFailures: number, retryAfterMs: number | null) =>
      pollMs(QUICK, { nFailures, retryAfterMs, calmMs: 0 }, 1);
    expect([1, 2, 3, 9].map((n) => failed(n, null))).toEqual([2_000, 4_000, 8_000, 60_000]);
    expect(failed(1, 45_000)).toBeGreaterThanOrEqual(45_000);
  });
});

describe("a polled query", () => {
  const first = {
    data: {},
    dataUpdateCount: 1,
    dataUpdatedAt: 0,
    errorUpdateCount: 0,
    error: null,
  };
  const query = (state: object) => ({ state: { ...first, ...state } });

  it("waits the same however often it is rendered", () => {
    const polled = query({});
    const wait = polling(QUICK);
    expect(new Set([wait(polled), wait(polled), wait(polled)]).size).toBe(1);
  });

  it("slows down while the same data come, and is quick again with others", () => {
    const polled = query({});
    const wait = polling(QUICK);
    wait(polled);
    Object.assign(polled.state, { dataUpdateCount: 40, dataUpdatedAt: 80_000 });
    expect(wait(polled)).toBeGreaterThan(8_000);
    Object.assign(polled.state, { data: {}, dataUpdateCount: 41, dataUpdatedAt: 90_000 });
    expect(wait(polled)).toBeLessThan(2_300);
  });

  it("counts failures in a row only", () => {
    const polled = query({});
    const wait = polling(QUICK);
    wait(polled);
    const error = new Problem(503, "overloaded", "", {}, 20_000);
    Object.assign(polled.state, { errorUpdateCount: 1, error });
    expect(wait(polled)).toBeGreaterThanOrEqual(20_000);
    Object.assign(polled.state, { dataUpdateCount: 2, error: null });
    expect(wait(polled)).toBeLessThan(2_300);
  });
});
