import type { Problem } from "../api/problem";

export type Direction = "up" | "down" | "none";

/** What is asked; `none` takes a vote back. */
export type Ballot =
  | { readonly product: "review"; readonly reviewId: string; readonly direction: Direction }
  | {
      readonly product: "campaign";
      readonly campaignId: string;
      readonly option: string;
      readonly channel: string;
      readonly tickets: number;
    };

/** Where a vote is on its way. */
export type Phase =
  /** On its way to the server; with `retryAt`, it waits for its next try. */
  | { readonly at: "sending"; readonly attempt: number; readonly retryAt: number | null }
  /** The server has it for good, and will count it. */
  | { readonly at: "accepted"; readonly voteId: string }
  /** The server cannot say just now what became of it. */
  | { readonly at: "unknown"; readonly voteId: string }
  | { readonly at: "counted"; readonly voteId: string }
  | { readonly at: "rejected"; readonly voteId: string; readonly reason: string | null }
  | { readonly at: "voided"; readonly voteId: string; readonly reason: string | null }
  /** There was nothing to take back. */
  | { readonly at: "nothing" }
  /** It was refused, given up, or not sent. */
  | {
      readonly at: "failed";
      readonly problem: FailedBy;
      /** It may count nevertheless. */
      readonly uncertain: boolean;
      /** It may do better when it is sent once more. */
      readonly isPassing: boolean;
    };

/** The parts of a problem that outlive a reload. */
export interface FailedBy {
  readonly code: string;
  readonly detail: string;
  readonly members: Readonly<Record<string, unknown>>;
}

/** One intent, from the click to its end. */
export interface Vote {
  /** Names the intent: all its requests carry this as `Idempotency-Key`. */
  readonly key: string;
  /** Whose it is. */
  readonly userName: string;
  readonly ballot: Ballot;
  readonly madeAt: number;
  readonly phase: Phase;
  /** Whether some request may have reached the server without an answer coming back. */
  readonly uncertain: boolean;
  /** When it came to its end, by this computer's clock. */
  readonly endedAt: number | null;
}

/** What happens to a vote. */
export type Event =
  | { readonly is: "tried"; readonly attempt: number }
  | { readonly is: "waits"; readonly until: number | null; readonly problem: Problem }
  | { readonly is: "accepted"; readonly voteId: string }
  | { readonly is: "nothing" }
  | { readonly is: "refused"; readonly problem: Problem }
  | { readonly is: "told"; readonly state: string; readonly reason: string | null }
  | { readonly is: "unknown" }
  | { readonly is: "missing" };

/** Whether nothing more can happen to it. */
export function hasEnded(vote: Vote): boolean {
  return !["sending", "accepted", "unknown"].includes(vote.phase.at);
}

/** Whether it ended without its voter knowing whether it counts, or with a reason that passes:
 * what is sent again then has to be this vote, not another one. */
export function isOpen({ phase }: Vote): boolean {
  return phase.at === "failed" && (phase.uncertain || phase.isPassing);
}

/** Whether it counts, or will as far as anybody can tell: what is shown as one's own. */
export function stands(vote: Vote): boolean {
  return ["sending", "accepted", "unknown", "counted"].includes(vote.phase.at);
}

export function voteIdOf(vote: Vote): string | null {
  return "voteId" in vote.phase ? vote.phase.voteId : null;
}

/** The vote after `event`; itself where the event changes nothing. */
export function step(vote: Vote, event: Event, now: number): Vote {
  if (hasEnded(vote)) return vote;
  const next = after(vote, event);
  if (next === null) return vote;
  const moved = { ...vote, ...next };
  return hasEnded(moved) ? { ...moved, endedAt: now } : moved;
}

function after(vote: Vote, event: Event): Partial<Vote> | null {
  const voteId = voteIdOf(vote);
  switch (event.is) {
    case "tried":
      return { phase: { at: "sending", attempt: event.attempt, retryAt: null } };
    case "waits": {
      if (vote.phase.at !== "sending") return null;
      const { attempt } = vote.phase;
      const uncertain = vote.uncertain || mayHaveArrived(event.problem);
      return { uncertain, phase: { at: "sending", attempt, retryAt: event.until } };
    }
    case "accepted":
      return { phase: { at: "accepted", voteId: event.voteId } };
    case "nothing":
      return { phase: { at: "nothing" } };
    case "refused": {
      const { code, detail, members, isPassing } = event.problem;
      const mayBeThere = vote.uncertain || mayHaveArrived(event.problem);
      const uncertain = mayBeThere && !isVerdict(event.problem);
      const problem = { code, detail, members };
      return { uncertain, phase: { at: "failed", problem, uncertain, isPassing } };
    }
    case "told":
      return voteId === null ? null : told(voteId, event.state, event.reason);
    case "unknown":
      return voteId === null ? null : { phase: { at: "unknown", voteId } };
    case "missing": {
      const problem = { code: "vote_not_found", detail: "", members: {} };
      return { phase: { at: "failed", problem, uncertain: false, isPassing: false } };
    }
  }
}

function told(voteId: string, state: string, reason: string | null): Partial<Vote> | null {
  switch (state) {
    case "accepted":
      return { phase: { at: "accepted", voteId } };
    case "counted":
      return { phase: { at: "counted", voteId } };
    case "rejected":
      return { phase: { at: "rejected", voteId, reason } };
    case "voided":
      return { phase: { at: "voided", voteId, reason } };
    default:
      return null;
  }
}

/** Answers to a vote that was not sent on: the service says so before it sends. */
const NOT_SENT: ReadonlySet<string> = new Set([
  "queue_unavailable",
  "overloaded",
  "database_unavailable",
  "given_up",
]);

/** Whether the server may have taken the vote although it did not say so: where nobody answered,
 * where the vote has an id already, and where anything between broke off. */
function mayHaveArrived(problem: Problem): boolean {
  if (problem.isUnanswered || problem.members.vote_id !== undefined) return true;
  return problem.status >= 500 && !NOT_SENT.has(problem.code);
}

/** Whether the vote itself was refused, and with it all that was sent by the same key: the gateway
 * looks first for an earlier one that was admitted. */
function isVerdict({ status, code }: Problem): boolean {
  const isOfRequest = status === 401 || status === 408 || UNDECIDED.has(code);
  return status >= 400 && status < 500 && !isOfRequest;
}

/** Refusals of a request that say nothing of its vote. */
const UNDECIDED: ReadonlySet<string> = new Set(["rate_limited", "unexpected_answer"]);
