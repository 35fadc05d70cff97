import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { answer, api, type Body } from "../api/client";
import { polling, QUICK } from "../api/poll";
import { useSession } from "../session/useSession";
import { onAskForCounts, seeCounts } from "./countStore";

export type Review = Body<"ReviewBody">;
export type Restaurant = Body<"RestaurantBody">;
export type Item = Body<"ItemBody">;

export const SORTS = ["new", "top", "hot"] as const;
export type Sort = (typeof SORTS)[number];

/** Reviews of what: a restaurant, or one of its items. */
export type Scope = { readonly restaurantId: string } | { readonly itemId: string };

/** A page of a list: where the next one begins. */
const next = (page: { next_cursor?: string | null }) => page.next_cursor ?? undefined;

export function useRestaurants(q: string) {
  return useInfiniteQuery({
    queryKey: ["restaurants", "list", q],
    queryFn: ({ pageParam, signal }) => {
      const query = { q: q || undefined, cursor: pageParam, limit: 24 };
      return answer(api.GET("/api/v1/restaurants", { params: { query }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: next,
    placeholderData: (before) => before,
  });
}

export function useRestaurant(id: string) {
  return useQuery({
    queryKey: ["restaurants", id],
    queryFn: ({ signal }) =>
      answer(
        api.GET("/api/v1/restaurants/{restaurant_id}", {
          params: { path: { restaurant_id: id } },
          signal,
        }),
      ),
    enabled: id !== "",
  });
}

export function useItems(restaurantId: string) {
  return useInfiniteQuery({
    queryKey: ["restaurants", restaurantId, "items"],
    queryFn: ({ pageParam, signal }) => {
      const path = { restaurant_id: restaurantId };
      const query = { cursor: pageParam, limit: 50 };
      return answer(
        api.GET("/api/v1/restaurants/{restaurant_id}/items", { params: { path, query }, signal }),
      );
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: next,
    enabled: restaurantId !== "",
  });
}

export function useItem(id: string) {
  return useQuery({
    queryKey: ["items", id],
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/items/{item_id}", { params: { path: { item_id: id } }, signal })),
  });
}

/** Pages of reviews; what they say of votes goes to the counts. */
export function useReviews(scope: Scope, sort: Sort) {
  return useInfiniteQuery({
    queryKey: ["reviews", scope, sort],
    queryFn: async ({ pageParam, signal }) => {
      const askedAt = Date.now();
      const query = { sort, cursor: pageParam, limit: 20 };
      const page = await answer(
        "itemId" in scope
          ? api.GET("/api/v1/items/{item_id}/reviews", {
              params: { path: { item_id: scope.itemId }, query },
              signal,
            })
          : api.GET("/api/v1/restaurants/{restaurant_id}/reviews", {
              params: { path: { restaurant_id: scope.restaurantId }, query },
              signal,
            }),
      );
      seeCounts(page.items, askedAt);
      return page;
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: next,
  });
}

export function useReview(id: string) {
  return useQuery({
    queryKey: ["review", id],
    queryFn: async ({ signal }) => {
      const askedAt = Date.now();
      const params = { path: { review_id: id } };
      const review = await answer(api.GET("/api/v1/reviews/{review_id}", { params, signal }));
      seeCounts([review], askedAt);
      return review;
    },
  });
}

/** Ids in one request, at most. */
const IDS_MAX = 100;

/** Polls the counts of all these reviews: one request for each hundred. */
export function usePolledCounts(reviewIds: readonly string[]) {
  const { userName } = useSession();
  const ids = useMemo(() => [...new Set(reviewIds)].sort(), [reviewIds]);
  const asked = useQuery({
    queryKey: ["counts", userName, ids],
    queryFn: async ({ signal }) => {
      const askedAt = Date.now();
      const batches: string[][] = [];
      for (let at = 0; at < ids.length; at += IDS_MAX) batches.push(ids.slice(at, at + IDS_MAX));
      const answers = await Promise.all(
        batches.map((batch) => {
          const query = { ids: batch.join(",") };
          return answer(api.GET("/api/v1/reviews/counts", { params: { query }, signal }));
        }),
      );
      const counts = answers.flatMap((body) => body.counts);
      seeCounts(counts, askedAt);
      return counts;
    },
    enabled: ids.length > 0,
    staleTime: 0,
    retry: false,
    refetchInterval: polling(QUICK),
    refetchOnMount: false,
  });
  const { refetch } = asked;
  useEffect(() => onAskForCounts(() => void refetch()), [refetch]);
  return asked;
}
