import type { BallotBox } from "./queries";

/** How a ballot box is doing. */
export type Health = "good" | "behind" | "unserved" | "shedding" | "gone";

/** How old the oldest vote may be before a box counts as behind, in seconds. */
const BEHIND_S = 5;

export function healthOf(box: BallotBox): Health {
  if (box.depth === null || box.depth === undefined) return "gone";
  if (!box.takes_votes) return "shedding";
  // Dead letters wait for a worker to put them into SQL, like any other.
  if (box.workers === 0 && box.depth > 0) return "unserved";
  return (box.age_s ?? 0) > BEHIND_S ? "behind" : "good";
}
