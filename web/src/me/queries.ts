import { useInfiniteQuery, useQueries, useQuery } from "@tanstack/react-query";
import { answer, api, type Body } from "../api/client";
import { MINE } from "../session/useSession";

export type PastVote = Body<"HistoryBody">;

/** One's own votes on reviews that came to their end, latest first. */
export function useMyVotes() {
  return useInfiniteQuery({
    queryKey: [MINE, "votes"],
    queryFn: ({ pageParam, signal }) => {
      const params = { query: { cursor: pageParam, limit: 20 } };
      return answer(api.GET("/api/v1/me/votes", { params, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function usePreferences() {
  return useQuery({
    queryKey: [MINE, "preferences"],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/me/preferences", { signal })),
  });
}

/** The reviews of `ids`, as far as they are there; a review may have been removed. */
export function useReviewsById(ids: readonly string[]) {
  return useQueries({
    queries: ids.map((id) => ({
      queryKey: ["review", id],
      queryFn: ({ signal }: { signal: AbortSignal }) => {
        const params = { path: { review_id: id } };
        return answer(api.GET("/api/v1/reviews/{review_id}", { params, signal }));
      },
      staleTime: 60_000,
    })),
    combine: (answers) =>
      new Map(answers.flatMap(({ data }) => (data ? [[data.review_id, data] as const] : []))),
  });
}
