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
  /** It was refused, given up, or not sent; `uncertain` where it may count nevertheless. */
  | { readonly at: "failed"; readonly problem: FailedBy; readonly uncertain: boolean };

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
      // A clear refusal of this very request says that no earlier one was admitted; where it
      // was only given up, that is not said.
      const uncertain =
        event.problem.isPassing && (vote.uncertain || mayHaveArrived(event.problem));
      const { code, detail, members } = event.problem;
      return { phase: { at: "failed", problem: { code, detail, members }, uncertain } };
    }
    case "told":
      return voteId === null ? null : told(voteId, event.state, event.reason);
    case "unknown":
      return voteId === null ? null : { phase: { at: "unknown", voteId } };
    case "missing": {
      const problem = { code: "vote_not_found", detail: "", members: {} };
      return { phase: { at: "failed", problem, uncertain: false } };
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

/** Whether the server may have taken the vote although it did not say so. */
function mayHaveArrived(problem: Problem): boolean {
  return problem.status === 0 || problem.members.vote_id !== undefined;
}
