import { type Direction, stands, type Vote } from "../votes/vote";

/** What the votes on a review come to, and one's own among them. */
export interface Counts {
  readonly up: number;
  readonly down: number;
  readonly mine: Exclude<Direction, "none"> | null;
}

/**
 * One's own vote laid over counts that do not have it yet. While it lies there, the counts
 * beneath are held: fresh ones may have the vote or not, and it would show twice.
 */
export interface Overlay {
  readonly voteKey: string;
  /** Counts that surely do not have the vote. */
  readonly beneath: Counts;
  /** Counts that came since, and when: they take the place of `beneath` once it is known that
   * the vote was not counted yet by then. */
  readonly since: { readonly counts: Counts; readonly at: number } | null;
  /** Whether votes that came before it on the same review may be counted or not: then nothing
   * that comes meanwhile is surely without them. */
  readonly follows: boolean;
}

/** `vote` is cast on top of what is `shown`, which may be another vote's overlay. */
export function lay(vote: Vote, counts: Counts, before: Overlay | null): Overlay {
  return {
    voteKey: vote.key,
    beneath: before?.beneath ?? counts,
    since: null,
    follows: before !== null,
  };
}

/** Counts came that were asked for at `askedAt`; null once the overlay is not needed. */
export function countsCame(
  overlay: Overlay,
  vote: Vote | undefined,
  counts: Counts,
  askedAt: number,
  now: number,
): Overlay | null {
  if (vote === undefined) return null;
  // What was asked for after the vote had come to its end has it, or rightly has it not.
  if (vote.endedAt !== null) return askedAt >= vote.endedAt ? null : overlay;
  return overlay.follows ? overlay : { ...overlay, since: { counts, at: now } };
}

/** The vote was found not counted by an answer that was asked for at `askedAt`. */
export function stillUncounted(overlay: Overlay, askedAt: number): Overlay {
  const { since } = overlay;
  if (since === null || since.at > askedAt) return overlay;
  const { up, down } = since.counts;
  return { ...overlay, beneath: { ...overlay.beneath, up, down }, since: null };
}

/** What to show: `counts`, with the overlay's vote in them while it stands. */
export function shown(counts: Counts, overlay: Overlay | null, vote: Vote | undefined): Counts {
  if (overlay === null || vote === undefined || vote.ballot.product !== "review") return counts;
  if (!stands(vote)) return overlay.beneath;
  const mine = vote.ballot.direction === "none" ? null : vote.ballot.direction;
  const without = take(overlay.beneath, overlay.beneath.mine, -1);
  return { ...take(without, mine, 1), mine };
}

function take(counts: Counts, direction: Counts["mine"], n: 1 | -1): Counts {
  if (direction === null) return counts;
  return { ...counts, [direction]: Math.max(0, counts[direction] + n) };
}
