import type { Campaign, Lot } from "./queries";

type Channel = Campaign["channels"][number];

/** Whether members may vote on the channel. */
export function isOpenToMembers(channel: Channel): boolean {
  return !channel.voter_kinds || channel.voter_kinds.includes("member");
}

/** What is left at `now` of a wallet as it was answered: a lot may have expired since. */
export function unexpired(
  wallet: { balance: number; lots: readonly Lot[] },
  now: number,
): { balance: number; lots: readonly Lot[] } {
  const isOver = (lot: Lot) => Date.parse(lot.expires_at) <= now;
  const gone = wallet.lots.filter(isOver).reduce((sum, lot) => sum + lot.remaining, 0);
  if (gone === 0) return wallet;
  return {
    balance: Math.max(0, wallet.balance - gone),
    lots: wallet.lots.filter((lot) => !isOver(lot)),
  };
}

/** The most tickets that one vote can spend now. */
export function mostTickets(campaign: Campaign, channel: Channel | undefined, balance: number) {
  const limit = channel?.daily_ticket_limit ?? Number.POSITIVE_INFINITY;
  return Math.min(balance, campaign.max_tickets_per_vote, limit);
}

/** `wanted` as a number of tickets that can be spent: whole, from 1 to `most`. */
export function fitting(wanted: number, most: number): number {
  if (!Number.isFinite(wanted)) return 1;
  return Math.max(1, Math.min(Math.trunc(wanted), Math.max(1, most)));
}
