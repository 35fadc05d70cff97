import { describe, expect, it } from "vitest";
import { sleep, waitMs } from "./backoff";

const backoff = { firstMs: 500, longestMs: 8_000 };

describe("the wait between tries", () => {
  it("doubles up to the longest", () => {
    const waits = [1, 2, 3, 4, 5, 6, 60].map((attempt) => waitMs(backoff, attempt, null, 1));
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  });

  it("is spread over the upper half", () => {
    expect(waitMs(backoff, 3, null, 0)).toBe(1_000);
    expect(waitMs(backoff, 3, null, 0.5)).toBe(1_500);
  });

  it("is never shorter than what the server asked for", () => {
    for (const random of [0, 0.5, 1]) {
      expect(waitMs(backoff, 1, 30_000, random)).toBeGreaterThanOrEqual(30_000);
      expect(waitMs(backoff, 1, 30_000, random)).toBeLessThanOrEqual(31_000);
    }
  });

  it("ends at once when it is given up", async () => {
    const giveUp = new AbortController();
    const waiting = sleep(60_000, giveUp.signal);
    giveUp.abort(new Error("given up"));
    await expect(waiting).rejects.toThrow("given up");
    await expect(sleep(1, giveUp.signal)).rejects.toThrow("given up");
  });
});
