/** How long to wait between tries. */
export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * How long to wait before try number `attempt` (from 1 for the first repetition): doubling,
 * at most `longestMs`, at least what the server asked for, spread by `random` (0 to 1) so that
 * all who were refused together do not come back together.
 */
export function waitMs(
  backoff: Backoff,
  attempt: number,
  askedMs: number | null,
  random: number,
): number {
  const doubled = Math.min(backoff.longestMs, backoff.firstMs * 2 ** Math.max(0, attempt - 1));
  const spread = doubled * (0.5 + 0.5 * random);
  if (askedMs === null) return Math.round(spread);
  return Math.round(askedMs + Math.min(doubled, 1_000) * random);
}

/** Waits; rejects with the signal's reason when it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
