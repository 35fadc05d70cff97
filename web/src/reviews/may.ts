import type { Me } from "../session/useSession";
import type { Direction } from "../votes/vote";

/** Why a button does not vote now; null where it does. */
export type Hindrance = "signed_out" | "own_review" | "quota_used" | "sending" | null;

/** Whether pressing `direction` may be done, and if not, why. */
export function hindrance(
  pressed: Exclude<Direction, "none">,
  state: {
    readonly isSignedIn: boolean;
    readonly me: Me | undefined;
    readonly authorId: string;
    readonly mine: Exclude<Direction, "none"> | null;
    readonly isSending: boolean;
    readonly now: number;
  },
): Hindrance {
  const { isSignedIn, me, authorId, mine, isSending, now } = state;
  if (!isSignedIn) return "signed_out";
  if (me?.user_id === authorId) return "own_review";
  if (isSending) return "sending";
  // Taking a vote back costs nothing.
  if (mine === pressed) return null;
  const isSpent = me !== undefined && me.votes.remaining === 0;
  return isSpent && now < Date.parse(me.votes.resets_at) ? "quota_used" : null;
}

/** What pressing `direction` asks for: pressed again, it takes the vote back. */
export function asked(
  pressed: Exclude<Direction, "none">,
  mine: Exclude<Direction, "none"> | null,
): Direction {
  return mine === pressed ? "none" : pressed;
}
