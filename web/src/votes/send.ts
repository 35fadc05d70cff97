import { sleep, waitMs } from "../api/backoff";
import { answer, api, outcome } from "../api/client";
import { asProblem, Problem } from "../api/problem";
import { newKey } from "./key";
import { add, find, happen } from "./store";
import type { Ballot, Vote } from "./vote";

/** How often a vote is sent, at most, before it is left to its voter to go on. */
export const TRIES_MAX = 8;
const BACKOFF = { firstMs: 500, longestMs: 15_000 };

/** What to abort when a vote is given up. */
const giveUps = new Map<string, AbortController>();

/** Casts `ballot`: it shows at once, and is sent until the server has answered for it. */
export function cast(ballot: Ballot, userName: string): Vote {
  const vote: Vote = {
    key: newKey(),
    userName,
    ballot,
    madeAt: Date.now(),
    phase: { at: "sending", attempt: 1, retryAt: null },
    uncertain: false,
    endedAt: null,
  };
  add(vote);
  void send(vote.key);
  return vote;
}

/** Sends a vote that failed for a passing reason once more, as the same intent. */
export function castAgain(vote: Vote): void {
  add({ ...vote, phase: { at: "sending", attempt: 1, retryAt: null }, endedAt: null });
  void send(vote.key);
}

/** Stops sending; the vote may still count if a request has reached the server. */
export function giveUp(key: string): void {
  giveUps.get(key)?.abort();
}

/** Sends the vote of `key` until it is answered for, tries are used up, or it is given up. */
export async function send(key: string): Promise<void> {
  const stop = new AbortController();
  giveUps.set(key, stop);
  let last = Problem.unreachable();
  try {
    for (let attempt = 1; attempt <= TRIES_MAX && !stop.signal.aborted; attempt += 1) {
      const vote = happen(key, { is: "tried", attempt });
      if (vote === undefined) return;
      try {
        const voteId = await post(vote, stop.signal);
        happen(key, voteId === null ? { is: "nothing" } : { is: "accepted", voteId });
        return;
      } catch (error) {
        // A request that was broken off may have arrived all the same.
        last = stop.signal.aborted ? Problem.unreachable() : asProblem(error);
        if (!last.isPassing) break;
        // Also when it was given up, so that what may have arrived is remembered.
        const wait = waitMs(BACKOFF, attempt, last.retryAfterMs, Math.random());
        const until = navigator.onLine ? Date.now() + wait : null;
        happen(key, { is: "waits", until, problem: last });
        if (attempt < TRIES_MAX) await pause(wait, stop.signal);
      }
    }
    // Giving up says nothing of the vote's fate: what the tries before came to does.
    if (stop.signal.aborted) last = new Problem(503, "given_up", "");
    happen(key, { is: "refused", problem: last });
  } finally {
    giveUps.delete(key);
  }
}

/** The vote's id, or null where there was nothing to take back. */
async function post(vote: Vote, signal: AbortSignal): Promise<string | null> {
  const { ballot } = vote;
  const header = { "Idempotency-Key": vote.key };
  if (ballot.product === "review") {
    const body = { review_id: ballot.reviewId, direction: ballot.direction };
    const call = api.POST("/api/v1/votes", { params: { header }, body, signal });
    const accepted = await outcome(call);
    if (!accepted) return null;
    heard(vote, accepted);
    return accepted.vote_id;
  }
  const { campaignId, option, channel, tickets } = ballot;
  const params = { header, path: { campaign_id: campaignId } };
  const body = { option, channel, tickets };
  const call = api.POST("/api/v1/campaigns/{campaign_id}/votes", { params, body, signal });
  const accepted = await answer(call);
  heard(vote, accepted);
  return accepted.vote_id;
}

/** What an acceptance says of the voter: the votes of the day, or the tickets left. */
export interface Accepted {
  readonly votes?: { limit: number; used: number; remaining: number; resets_at: string };
  readonly balance?: number;
}

let heard: (vote: Vote, accepted: Accepted) => void = () => {};

/** Calls `listen` with what acceptances say of the voter, unless another member is here now. */
export function onAccepted(listen: (vote: Vote, accepted: Accepted) => void): void {
  heard = (vote, accepted) => {
    if (find(vote.key)) listen(vote, accepted);
  };
}

/** Waits, without a network until there is one; ends early when the vote is given up. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, signal);
    if (!navigator.onLine) await online(signal);
  } catch {
    // Given up: the loop sees it.
  }
}

function online(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    addEventListener("online", () => resolve(), { once: true, signal });
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Takes up the votes that were on their way when the page was left. */
export function resume(userName: string, votes: readonly Vote[]): void {
  for (const vote of votes) {
    const isOwn = vote.userName === userName;
    if (isOwn && vote.phase.at === "sending" && !giveUps.has(vote.key) && find(vote.key)) {
      void send(vote.key);
    }
  }
}
