import { useSyncExternalStore } from "react";
import { serverNow } from "../api/clock";

/** One clock for all that counts down; it stands still while nobody looks. */
const TICK_MS = 1_000;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = serverNow();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

function tick(): void {
  if (document.visibilityState !== "visible") return;
  now = serverNow();
  for (const listener of listeners) listener();
}

/** The server's time, anew each second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => (timer === undefined ? serverNowOnce() : now));
}

/** Before the clock ticks: the same number within one rendering, as React wants it. */
function serverNowOnce(): number {
  const fresh = serverNow();
  if (fresh - now > TICK_MS) now = fresh;
  return now;
}
