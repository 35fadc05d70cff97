import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { forgetCounts } from "../reviews/countStore";
import { resume } from "../votes/send";
import { all, forgetOthers } from "../votes/store";
import { onOtherTab } from "./memory";
import { tokens } from "./refresh";
import { current, signedIn, signedOut } from "./store";
import { renewInMs } from "./tokens";
import { MINE, useSession } from "./useSession";

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
    if (before.current !== null) {
      queries.removeQueries({ queryKey: [MINE] });
    }
    forgetCounts();
    before.current = whose;
    void queries.invalidateQueries();
  }, [standing, userName, queries]);

  return null;
}
