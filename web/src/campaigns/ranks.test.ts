import { describe, expect, it } from "vitest";
import { barPercent, moved, SHOWN_MS } from "./ranks";

const board = (...options: string[]) => options.map((option, at) => ({ option, rank: at + 1 }));
const none = new Map();

describe("moves on a board", () => {
  it("are the ranks that each option gained or lost", () => {
    const moves = moved(none, board("a", "b", "c"), board("c", "a", "b"), 0);
    expect(Object.fromEntries([...moves].map(([option, move]) => [option, move.ranks]))).toEqual({
      c: 2,
      a: -1,
      b: -1,
    });
  });

  it("add up while they are shown, and are gone after that", () => {
    const first = moved(none, board("a", "b", "c"), board("a", "c", "b"), 0);
    const second = moved(first, board("a", "c", "b"), board("c", "a", "b"), 1_000);
    expect(second.get("c")).toEqual({ ranks: 2, at: 1_000 });
    const same = moved(second, board("c", "a", "b"), board("c", "a", "b"), 2_000);
    expect(same.get("c")).toEqual({ ranks: 2, at: 1_000 });
    const later = moved(same, board("c", "a", "b"), board("c", "a", "b"), 1_000 + SHOWN_MS);
    expect(later.size).toBe(0);
  });

  it("are none for what came back to its place, and for what is new", () => {
    const away = moved(none, board("a", "b"), board("b", "a"), 0);
    expect(moved(away, board("b", "a"), board("a", "b"), 1).size).toBe(0);
    expect(moved(none, [], board("a"), 0).size).toBe(0);
  });
});

describe("a bar", () => {
  it("is as long as its share, and to be seen where there is one vote", () => {
    expect([barPercent(5, 10), barPercent(0, 10), barPercent(1, 1_000), barPercent(0, 0)]).toEqual([
      50, 0, 1, 0,
    ]);
  });
});
