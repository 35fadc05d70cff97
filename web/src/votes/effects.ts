import type { QueryClient } from "@tanstack/react-query";
import { askForCounts, foundUncounted } from "../reviews/countStore";
import { ME, type Me, MINE } from "../session/useSession";
import { onUncounted } from "./follow";
import { onAccepted } from "./send";
import { forget, watchVotes } from "./store";
import { hasEnded, type Vote } from "./vote";

/** How long a vote that was counted goes on saying so. */
const SHOWN_MS = 4_000;

/** For how long one board may be answered to all who ask, and what a request takes. */
const SNAPSHOT_MS = 1_500;

/** Brings what votes change up to date: the day's votes, wallets, counts and boards. */
export function connectVotes(queries: QueryClient): void {
  onAccepted((vote, { votes, balance }) => {
    if (votes) {
      queries.setQueryData<Me>(ME, (me) => me && { ...me, votes });
    }
    if (vote.ballot.product === "campaign" && balance !== undefined) {
      const { campaignId } = vote.ballot;
      void queries.invalidateQueries({ queryKey: [MINE, "wallet", campaignId] });
    }
  });
  onUncounted(foundUncounted);
  watchVotes((vote) => {
    if (hasEnded(vote)) ended(queries, vote);
  });
}

function ended(queries: QueryClient, vote: Vote): void {
  const { at } = vote.phase;
  if (at === "counted" || at === "nothing") setTimeout(() => forget(vote.key), SHOWN_MS);
  if (at !== "counted") void queries.invalidateQueries({ queryKey: ME });
  void queries.invalidateQueries({ queryKey: [MINE, "votes"] });
  if (vote.ballot.product === "review") {
    askForCounts();
    return;
  }
  const { campaignId } = vote.ballot;
  for (const name of ["wallet", "ledger"]) {
    void queries.invalidateQueries({ queryKey: [MINE, name, campaignId] });
  }
  const refresh = () => {
    for (const name of ["board", "fans", "hours"]) {
      void queries.invalidateQueries({ queryKey: ["campaigns", campaignId, name] });
    }
  };
  refresh();
  setTimeout(refresh, SNAPSHOT_MS);
}
