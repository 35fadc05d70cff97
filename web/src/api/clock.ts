/** How far this computer's clock is behind the server's, in milliseconds. */
let behindMs = 0;

/** What a `Date` header is off by anyhow: it has whole seconds, and took a while to arrive. */
const TOLERATED_MS = 3_000;

/** Learns of the server's time from an answer's `Date`. */
export function noteServerTime(date: string | null, now: number): void {
  const at = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(at)) return;
  const seen = at - now;
  behindMs = Math.abs(seen) <= TOLERATED_MS ? 0 : seen;
}

/** The server's time, by which votes are admitted and campaigns end. */
export function serverNow(): number {
  return Date.now() + behindMs;
}
