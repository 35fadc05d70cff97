import { sleep } from "../api/backoff";
import { newKey } from "../votes/key";

const NAME = "tally.session.lock";
/** A holder that takes longer was closed meanwhile. */
const HELD_MS = 10_000;
const LOOK_AGAIN_MS = 50;

/** Runs `work` in one tab at a time. */
export async function alone<T>(work: () => Promise<T>): Promise<T> {
  // Only there on https and localhost.
  if ("locks" in navigator) return await navigator.locks.request(NAME, work);
  const me = await take();
  try {
    return await work();
  } finally {
    if (localStorage.getItem(NAME)?.startsWith(me)) localStorage.removeItem(NAME);
  }
}

/** Writes a name of its own once nobody else's stands there, and looks whether it stayed. */
async function take(): Promise<string> {
  const me = newKey();
  for (;;) {
    const [holder, until] = (localStorage.getItem(NAME) ?? "").split(" ");
    if (!holder || Number(until) < Date.now()) {
      localStorage.setItem(NAME, `${me} ${Date.now() + HELD_MS}`);
      await sleep(LOOK_AGAIN_MS);
      if (localStorage.getItem(NAME)?.startsWith(me)) return me;
    }
    await sleep(LOOK_AGAIN_MS * (1 + Math.random()));
  }
}
