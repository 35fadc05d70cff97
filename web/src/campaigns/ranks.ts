/** How an option moved on the board. */
export interface Move {
  /** Ranks gained; lost where it is below 0. */
  readonly ranks: number;
  readonly at: number;
}

interface Row {
  readonly option: string;
  readonly rank: number;
}

/** How long a move is shown. */
export const SHOWN_MS = 60_000;

/** The moves to show once the board has gone from `before` to `after` at `now`. A move within
 * the time that another is shown adds to it; what comes back to its place has not moved. */
export function moved(
  moves: ReadonlyMap<string, Move>,
  before: readonly Row[],
  after: readonly Row[],
  now: number,
): ReadonlyMap<string, Move> {
  const ranks = new Map(before.map((row) => [row.option, row.rank]));
  const next = new Map<string, Move>();
  for (const { option, rank } of after) {
    const old = moves.get(option);
    const standing = old && now - old.at < SHOWN_MS ? old : undefined;
    const gained = (ranks.get(option) ?? rank) - rank;
    const total = (standing?.ranks ?? 0) + gained;
    if (total !== 0)
      next.set(option, { ranks: total, at: gained === 0 && standing ? standing.at : now });
  }
  return next;
}

/** The share of the longest bar that `votes` fill, in percent. */
export function barPercent(votes: number, most: number): number {
  return most <= 0 ? 0 : Math.max(votes > 0 ? 1 : 0, (votes / most) * 100);
}
