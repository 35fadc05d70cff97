import { sleep } from "../api/backoff";
import { answer, api } from "../api/client";
import { asProblem } from "../api/problem";
import { all, happen, watchVotes } from "./store";
import { type Vote, voteIdOf } from "./vote";

/** Ids in one request, at most. */
const IDS_MAX = 100;
/** How long to wait before asking again, while nothing new is accepted. */
const WAITS_MS = [150, 300, 600, 1_000, 1_500, 2_000, 3_000, 5_000];
/** How long to wait after the server said that it cannot tell. */
const UNKNOWN_WAIT_MS = 15_000;

let uncounted: (vote: Vote, askedAt: number) => void = () => {};

/** Calls `listen` with votes that an answer, asked for at a time, found not counted yet. */
export function onUncounted(listen: (vote: Vote, askedAt: number) => void): void {
  uncounted = listen;
}

let following = false;
let nAsked = 0;
let askedToWaitMs = 0;

/** Follows accepted votes until each is counted, rejected or voided: one request for all. */
export function followVotes(): void {
  watchVotes((vote, before) => {
    if (vote.phase.at === "accepted" && before?.phase.at !== "accepted") {
      nAsked = 0;
      void follow();
    }
  });
  void follow();
}

function pending(): Vote[] {
  return all().filter(({ phase }) => phase.at === "accepted" || phase.at === "unknown");
}

async function follow(): Promise<void> {
  if (following) return;
  following = true;
  try {
    while (pending().length > 0) {
      const wait = WAITS_MS[Math.min(nAsked, WAITS_MS.length - 1)] ?? 0;
      const isUnknown = pending().every(({ phase }) => phase.at === "unknown");
      await sleep(Math.max(isUnknown ? UNKNOWN_WAIT_MS : wait, askedToWaitMs));
      await visible();
      nAsked += 1;
      askedToWaitMs = await ask(pending());
    }
  } finally {
    following = false;
  }
}

/** Asks what became of `votes`; answers how long the server wants to be left alone. */
async function ask(votes: readonly Vote[]): Promise<number> {
  let waitMs = 0;
  for (let at = 0; at < votes.length; at += IDS_MAX) {
    const asked = votes.slice(at, at + IDS_MAX);
    const ids = asked.map(voteIdOf).join(",");
    const askedAt = Date.now();
    try {
      const { items } = await answer(api.GET("/api/v1/votes", { params: { query: { ids } } }));
      const states = new Map(items.map((item) => [item.vote_id, item]));
      for (const vote of asked) {
        const item = states.get(voteIdOf(vote) ?? "");
        if (!item) {
          await askAlone(vote);
          continue;
        }
        happen(vote.key, { is: "told", state: item.state, reason: item.reason ?? null });
        if (item.state === "accepted") uncounted(vote, askedAt);
      }
    } catch (error) {
      // Asked again, later each time.
      waitMs = Math.max(waitMs, asProblem(error).retryAfterMs ?? 0);
    }
  }
  return waitMs;
}

/** A vote that is left out of a list: nobody knows it, or nobody can say just now. */
async function askAlone(vote: Vote): Promise<void> {
  const voteId = voteIdOf(vote);
  if (voteId === null) return;
  const params = { path: { vote_id: voteId } };
  try {
    const item = await answer(api.GET("/api/v1/votes/{vote_id}", { params }));
    happen(vote.key, { is: "told", state: item.state, reason: item.reason ?? null });
  } catch (error) {
    const { code } = asProblem(error);
    if (code === "vote_state_unknown") happen(vote.key, { is: "unknown" });
    else if (code === "vote_not_found") happen(vote.key, { is: "missing" });
  }
}

function visible(): Promise<void> {
  if (document.visibilityState === "visible") return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
  });
}
