import { describe, expect, it } from "vitest";
import { Problem } from "../api/problem";
import { add, all, find, happen } from "./store";
import type { Ballot, Vote } from "./vote";

const votes: Ballot = {
  product: "campaign",
  campaignId: "c",
  option: "x",
  channel: "web",
  tickets: 3,
};
const opinion: Ballot = { product: "review", reviewId: "r", direction: "up" };

function cast(key: string, ballot: Ballot): Vote {
  const phase = { at: "sending", attempt: 1, retryAt: null } as const;
  const vote = { key, userName: "ada", ballot, madeAt: 0, phase, uncertain: false, endedAt: null };
  add(vote);
  return vote;
}

const fails = (key: string, problem: Problem) => happen(key, { is: "refused", problem });
const keys = () => all().map(({ key }) => key);

describe("votes", () => {
  it("that spend tickets stay while they may count, whatever else is cast there", () => {
    cast("a", votes);
    fails("a", Problem.unreachable());
    cast("b", { ...votes, option: "y" });
    fails("b", new Problem(409, "insufficient_tickets", ""));
    cast("c", votes);
    expect(keys()).toEqual(["a", "c"]);
  });

  it("that are sent again take their own place", () => {
    const again = find("a");
    if (again) add({ ...again, phase: { at: "sending", attempt: 1, retryAt: null } });
    expect(keys()).toEqual(["c", "a"]);
  });

  it("on a review give way to the next one there: one alone stands", () => {
    cast("d", opinion);
    fails("d", Problem.unreachable());
    cast("e", { ...opinion, direction: "down" });
    expect(keys()).not.toContain("d");
  });
});
