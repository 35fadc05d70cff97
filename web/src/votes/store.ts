import { useSyncExternalStore } from "react";
import { type Ballot, type Event, hasEnded, isOpen, step, type Vote } from "./vote";

/** Votes on their way, and those that ended a moment ago; what may yet count, or be sent again,
 * survives a reload of the tab. */
const KEY = "tally.votes";

let votes: readonly Vote[] = restore();
const listeners = new Set<() => void>();
const watchers = new Set<(vote: Vote, before: Vote | null) => void>();

function restore(): readonly Vote[] {
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? (found as Vote[]) : [];
  } catch {
    return [];
  }
}

function put(next: readonly Vote[]): void {
  votes = next;
  try {
    const kept = votes.filter((vote) => !hasEnded(vote) || isOpen(vote));
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Without storage they do not survive a reload; the server has them all the same.
  }
  for (const listener of listeners) listener();
}

export function all(): readonly Vote[] {
  return votes;
}

export function find(key: string): Vote | undefined {
  return votes.find((vote) => vote.key === key);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Calls `watch` with each vote that is new (`before` is null) or moved on. */
export function watchVotes(watch: (vote: Vote, before: Vote | null) => void): () => void {
  watchers.add(watch);
  return () => watchers.delete(watch);
}

function tell(vote: Vote, before: Vote | null): void {
  for (const watch of watchers) watch(vote, before);
}

/** Adds a vote; it takes the place of itself, and of what ended before on the same subject. */
export function add(vote: Vote): void {
  put([...votes.filter((other) => !givesWay(other, vote)), vote]);
  tell(vote, null);
}

/** Whether `other` goes when `vote` is added. A vote that spends tickets stays while it can be
 * sent again: what is cast beside it is another one, and both may count. */
function givesWay(other: Vote, vote: Vote): boolean {
  if (other.key === vote.key) return true;
  if (!hasEnded(other) || !sameSubject(other, vote)) return false;
  return other.ballot.product === "review" || !isOpen(other);
}

/** Lets `event` happen to the vote of `key`; answers the vote as it is then. */
export function happen(key: string, event: Event): Vote | undefined {
  const before = find(key);
  if (before === undefined) return undefined;
  const vote = step(before, event, Date.now());
  if (vote !== before) {
    put(votes.map((other) => (other.key === key ? vote : other)));
    tell(vote, before);
  }
  return vote;
}

/** Forgets a vote that ended. */
export function forget(key: string): void {
  put(votes.filter((vote) => vote.key !== key));
}

/** Forgets the votes of everybody else. */
export function forgetOthers(userName: string | null): void {
  const own = votes.filter((vote) => vote.userName === userName);
  if (own.length < votes.length) put(own);
}

/** What a ballot is on: votes on the same subject follow one another. */
export function subjectOf(ballot: Ballot): string {
  return ballot.product === "review" ? ballot.reviewId : ballot.campaignId;
}

function sameSubject(a: Vote, b: Vote): boolean {
  return a.ballot.product === b.ballot.product && subjectOf(a.ballot) === subjectOf(b.ballot);
}

/** The latest vote on the review, if one is on its way or ended a moment ago. */
export function useReviewVote(reviewId: string): Vote | undefined {
  return useSyncExternalStore(subscribe, () => latestOn(reviewId));
}

function latestOn(reviewId: string): Vote | undefined {
  return votes.findLast(
    ({ ballot }) => ballot.product === "review" && ballot.reviewId === reviewId,
  );
}

/** All votes that are known of. */
export function useVotes(): readonly Vote[] {
  return useSyncExternalStore(subscribe, all);
}
