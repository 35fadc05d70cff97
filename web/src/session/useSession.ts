import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { answer, api, type Body } from "../api/client";
import { serverNow } from "../api/clock";
import { current, type Session, subscribe } from "./store";

export function useSession(): Session {
  return useSyncExternalStore(subscribe, current);
}

export type Me = Body<"MeBody">;

/** Queries whose keys begin so are of the member alone. */
export const MINE = "mine";
export const ME = [MINE, "me"] as const;

/** When the day's votes are asked for after they were reset, for everybody at the same moment. */
const afterResetMs = 1_000 + 14_000 * Math.random();

/** One's own account and the votes of the day; undefined for who is not signed in. */
export function useMe() {
  const { standing } = useSession();
  const isIn = standing === "in" || standing === "restoring";
  const asked = useQuery({
    queryKey: ME,
    queryFn: ({ signal }) => answer(api.GET("/api/v1/me", { signal })),
    enabled: isIn,
    staleTime: 30_000,
    refetchInterval: ({ state: { data, error } }) => {
      if (data === undefined) return false;
      const untilReset = Date.parse(data.votes.resets_at) - serverNow();
      return Math.max(error ? 15_000 : 1_000, untilReset + afterResetMs);
    },
  });
  return { ...asked, data: isIn ? asked.data : undefined };
}

const ROLES = ["member", "moderator", "operator", "admin"] as const;

export type Role = (typeof ROLES)[number];

/** Whether `role` may do what `least` may: each role may do all that the ones before it may. */
export function isAtLeast(role: string | undefined, least: Role): boolean {
  return ROLES.indexOf(role as Role) >= ROLES.indexOf(least);
}

/** Whether the member may do what `least` may. */
export function useMay(least: Role): boolean {
  return isAtLeast(useMe().data?.role, least);
}
