import { type Query, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { forgetCounts } from "../reviews/countStore";
import { resume } from "../votes/send";
import { all, forgetOthers } from "../votes/store";
import { onOtherTab } from "./memory";
import { tokens } from "./refresh";
import { current, signedIn, signedOut } from "./store";
import { renewInMs } from "./tokens";
import { MINE, useSession } from "./useSession";

/** Queries that say what is a member's own, and whose keys do not name the member: reviews say
 * how one has voted. */
const OF_A_MEMBER: ReadonlySet<string> = new Set([MINE, "reviews", "review"]);

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

  useEffect(
    () =>
      onOtherTab((name) => {
        if (name === null) signedOut();
        else if (name !== current().userName) signedIn(name, null);
      }),
    [],
  );

  const before = useRef<string | null>(null);
  useEffect(() => {
    const whose = standing === "out" ? null : userName;
    forgetOthers(whose);
    if (whose !== null) resume(whose, all());
    if (before.current === whose) return;
    forgetCounts();
    const isLeft = ({ queryKey: [first] }: Query) =>
      before.current !== null && OF_A_MEMBER.has(String(first));
    // What is on screen is forgotten with it, also while nothing new can be asked for.
    void queries.resetQueries({ predicate: isLeft });
    void queries.invalidateQueries({ predicate: (query) => !isLeft(query) });
    before.current = whose;
  }, [standing, userName, queries]);

  return null;
}
