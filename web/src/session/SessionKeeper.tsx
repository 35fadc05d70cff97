import { type Query, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { forgetCounts } from "../reviews/countStore";
import { resume } from "../votes/send";
import { all, forgetOthers } from "../votes/store";
import { endLeftBehind } from "./actions";
import { onOtherTab } from "./memory";
import { tokens } from "./refresh";
import { current, signedIn, signedOut } from "./store";
import { renewInMs } from "./tokens";
import { MINE, useSession } from "./useSession";

/** Queries that say, beside what all may see, how the member has voted. */
const REVIEWS: ReadonlySet<string> = new Set(["reviews", "review"]);

/** Renews tokens before they end, follows other tabs, and forgets what belonged to another
 * member. */
export function SessionKeeper() {
  const { standing, tokens: held, userName } = useSession();
  const queries = useQueryClient();

  useEffect(() => {
    if (standing !== "restoring" && held === null) return;
    const wait = held === null ? 0 : renewInMs(held, Date.now());
    // Without an answer it is tried again by the next request that wants a token.
    const timer = setTimeout(() => void tokens().catch(() => undefined), wait);
    return () => clearTimeout(timer);
  }, [standing, held]);

  useEffect(() => {
    if (current().standing === "out") void endLeftBehind().catch(() => undefined);
  }, []);

  useEffect(
    () =>
      onOtherTab((name) => {
        if (name === null) signedOut();
        else if (name !== current().userName) signedIn(name, null);
      }),
    [],
  );

  const before = useRef<string | null>(null);
  const latest = useRef<string | null>(null);
  useEffect(() => {
    const whose = standing === "out" ? null : userName;
    forgetOthers(whose);
    if (whose !== null) resume(whose, all());
    if (before.current === whose) return;
    forgetCounts();
    const isLeft = before.current !== null;
    // Reviews stay for who only signs out: one may be being edited.
    const isOther = whose !== null && latest.current !== null && latest.current !== whose;
    const isOver = ({ queryKey: [first] }: Query) =>
      (isLeft && first === MINE) || (isOther && REVIEWS.has(String(first)));
    // What is on screen goes with it, also while nothing new can be asked for.
    void queries.resetQueries({ predicate: isOver });
    void queries.invalidateQueries({ predicate: (query) => !isOver(query) });
    before.current = whose;
    latest.current = whose ?? latest.current;
  }, [standing, userName, queries]);

  return null;
}
