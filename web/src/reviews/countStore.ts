import { useSyncExternalStore } from "react";
import { find, watchVotes } from "../votes/store";
import type { Vote } from "../votes/vote";
import { type Counts, countsCame, lay, type Overlay, shown, stillUncounted } from "./overlay";

/** The latest counts of each review, from lists and polls alike, and own votes over them. */
interface Known {
  counts: Counts;
  askedAt: number;
  overlay: Overlay | null;
  /** What is shown; the same object while nothing of it changes. */
  shown: Counts;
}

const known = new Map<string, Known>();
const listeners = new Map<string, Set<() => void>>();

/** A body with counts, as the API has it. */
export interface CountedBody {
  readonly review_id: string;
  readonly up: number;
  readonly down: number;
  readonly my_vote?: string | null;
}

/** Takes note of counts that were asked for at `askedAt`. Older ones than there are, are left. */
export function seeCounts(bodies: readonly CountedBody[], askedAt: number): void {
  for (const body of bodies) {
    const before = known.get(body.review_id);
    if (before && before.askedAt > askedAt) continue;
    const mine = body.my_vote === "up" || body.my_vote === "down" ? body.my_vote : null;
    const counts = { up: body.up, down: body.down, mine } as const;
    const vote = before?.overlay ? find(before.overlay.voteKey) : undefined;
    const overlay = before?.overlay
      ? countsCame(before.overlay, vote, counts, askedAt, Date.now())
      : null;
    put(body.review_id, { counts, askedAt, overlay, shown: counts });
  }
}

function put(reviewId: string, next: Known): void {
  const before = known.get(reviewId);
  const vote = next.overlay ? find(next.overlay.voteKey) : undefined;
  const fresh = shown(next.counts, next.overlay, vote);
  const isSame =
    before &&
    before.shown.up === fresh.up &&
    before.shown.down === fresh.down &&
    before.shown.mine === fresh.mine;
  known.set(reviewId, { ...next, shown: isSame ? before.shown : fresh });
  if (!isSame) for (const listener of listeners.get(reviewId) ?? []) listener();
}

watchVotes((vote: Vote, before) => {
  if (vote.ballot.product !== "review") return;
  const { reviewId } = vote.ballot;
  const now = known.get(reviewId);
  if (!now) return;
  const isLaid = now.overlay?.voteKey === vote.key;
  if (before === null && !isLaid)
    put(reviewId, { ...now, overlay: lay(vote, now.counts, now.overlay) });
  else put(reviewId, now);
});

/** The vote was found not counted yet by an answer asked for at `askedAt`. */
export function foundUncounted(vote: Vote, askedAt: number): void {
  if (vote.ballot.product !== "review") return;
  const now = known.get(vote.ballot.reviewId);
  if (!now?.overlay || now.overlay.voteKey !== vote.key) return;
  put(vote.ballot.reviewId, { ...now, overlay: stillUncounted(now.overlay, askedAt) });
}

/** Forgets everything: what was known is another member's. */
export function forgetCounts(): void {
  known.clear();
  for (const listening of listeners.values()) for (const listener of listening) listener();
}

/** What to show of the review's counts; `first` until they are known. */
export function useCounts(reviewId: string, first: Counts): Counts {
  const found = useSyncExternalStore(
    (listener) => {
      const listening = listeners.get(reviewId) ?? new Set();
      listeners.set(reviewId, listening.add(listener));
      return () => listening.delete(listener);
    },
    () => known.get(reviewId)?.shown,
  );
  return found ?? first;
}

let ask: () => void = () => {};

/** Asks for the counts in sight now, not only at the next poll. */
export function askForCounts(): void {
  ask();
}

export function onAskForCounts(listen: () => void): () => void {
  ask = listen;
  return () => {
    if (ask === listen) ask = () => {};
  };
}
