import { sleep } from "../api/backoff";
import { newKey } from "../votes/key";
import { releaseLock, takeLock } from "./vault";

const NAME = "tally.session";
/** A holder that takes longer was closed meanwhile. */
const HELD_MS = 20_000;
const LOOK_AGAIN_MS = 50;

/** Runs `work` in one tab at a time. */
export async function alone<T>(work: () => Promise<T>): Promise<T> {
  // Only there on https and localhost.
  if ("locks" in navigator) return await navigator.locks.request(NAME, work);
  const me = newKey();
  while (!(await takeLock(me, Date.now(), Date.now() + HELD_MS))) {
    await sleep(LOOK_AGAIN_MS * (1 + Math.random()));
  }
  try {
    return await work();
  } finally {
    await releaseLock();
  }
}
