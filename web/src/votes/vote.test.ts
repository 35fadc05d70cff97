import { describe, expect, it } from "vitest";
import { asProblem, Problem } from "../api/problem";
import { type Event, hasEnded, isOpen, stands, step, type Vote } from "./vote";

const fresh: Vote = {
  key: "k",
  userName: "ada",
  ballot: { product: "review", reviewId: "r", direction: "up" },
  madeAt: 0,
  phase: { at: "sending", attempt: 1, retryAt: null },
  uncertain: false,
  endedAt: null,
};
const walked = (...events: Event[]) => events.reduce((vote, event) => step(vote, event, 9), fresh);
const busy = new Problem(503, "queue_unavailable", "");
const open = new Problem(503, "queue_unavailable", "", { vote_id: "v" });

describe("a vote", () => {
  it("is sending, accepted, then counted, and that is its end", () => {
    const accepted = walked({ is: "accepted", voteId: "v" });
    expect(accepted).toMatchObject({ phase: { at: "accepted", voteId: "v" }, endedAt: null });
    const counted = step(accepted, { is: "told", state: "counted", reason: null }, 9);
    expect(counted).toMatchObject({ phase: { at: "counted" }, endedAt: 9 });
    expect(step(counted, { is: "told", state: "rejected", reason: "x" }, 10)).toBe(counted);
  });

  it("says why it was rejected or voided, and then stands no more", () => {
    for (const state of ["rejected", "voided"]) {
      const ended = walked({ is: "accepted", voteId: "v" }, { is: "told", state, reason: "why" });
      expect(ended.phase).toEqual({ at: state, voteId: "v", reason: "why" });
      expect([hasEnded(ended), stands(ended)]).toEqual([true, false]);
    }
  });

  it("is never shown as done when it failed", () => {
    const failed = walked({ is: "refused", problem: new Problem(403, "self_vote", "No.") });
    expect(failed.phase).toMatchObject({ at: "failed", problem: { code: "self_vote" } });
    expect(stands(failed)).toBe(false);
    expect(step(failed, { is: "accepted", voteId: "v" }, 9)).toBe(failed);
  });

  it("waits and tries again under the same key", () => {
    const waiting = walked({ is: "waits", until: 5, problem: busy });
    expect(waiting.phase).toEqual({ at: "sending", attempt: 1, retryAt: 5 });
    const again = step(waiting, { is: "tried", attempt: 2 }, 9);
    expect(again).toMatchObject({ key: "k", phase: { attempt: 2, retryAt: null } });
  });

  it("may count nevertheless when it is given up after nobody answered, or the fate was open", () => {
    const uncertain = (problem: Problem, last: Problem) => {
      const vote = walked({ is: "waits", until: 5, problem }, { is: "refused", problem: last });
      return vote.phase.at === "failed" && vote.phase.uncertain;
    };
    expect(uncertain(busy, busy)).toBe(false);
    expect(uncertain(open, busy)).toBe(true);
    expect(uncertain(Problem.unreachable(), busy)).toBe(true);
    expect(uncertain(open, new Problem(403, "self_vote", ""))).toBe(false);
    // Between us and the service something broke off.
    expect(uncertain(new Problem(503, "unavailable", ""), busy)).toBe(true);
    expect(uncertain(new Problem(500, "internal_error", ""), busy)).toBe(true);
    expect(uncertain(asProblem(new SyntaxError("Unexpected end")), busy)).toBe(true);
    // What says nothing of the vote changes nothing.
    for (const [status, code] of [
      [0, "not_signed_in"],
      [401, "unauthenticated"],
      [408, "body_timeout"],
      [429, "rate_limited"],
    ] as const) {
      expect(uncertain(open, new Problem(status, code, "")), code).toBe(true);
      expect(uncertain(busy, new Problem(status, code, "")), code).toBe(false);
    }
  });

  it("is sent again as it is while nobody can say whether it counts", () => {
    const refused = (problem: Problem) => isOpen(walked({ is: "refused", problem }));
    expect(refused(new Problem(503, "unavailable", ""))).toBe(true);
    expect(refused(new Problem(500, "internal_error", ""))).toBe(true);
    expect(refused(busy)).toBe(true);
    expect(refused(new Problem(429, "daily_quota_used", ""))).toBe(false);
    expect(isOpen(fresh)).toBe(false);
  });

  it("is unknown while the server says so, and may turn out to be counted", () => {
    const unknown = walked({ is: "accepted", voteId: "v" }, { is: "unknown" });
    expect(unknown.phase).toEqual({ at: "unknown", voteId: "v" });
    const counted = step(unknown, { is: "told", state: "counted", reason: null }, 9);
    expect(counted.phase.at).toBe("counted");
  });

  it("fails when nobody knows it, and ends when there was nothing to take back", () => {
    expect(walked({ is: "accepted", voteId: "v" }, { is: "missing" }).phase.at).toBe("failed");
    expect(hasEnded(walked({ is: "nothing" }))).toBe(true);
  });
});
