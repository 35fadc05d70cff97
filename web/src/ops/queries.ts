import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { answer, api, type Body } from "../api/client";
import { CALM, polling, QUICK } from "../api/poll";
import { MINE } from "../session/useSession";

export type BallotBox = Body<"BoxBody">;
export type DeadLetter = Body<"DeadLetterBody">;

export const LETTERS = [MINE, "letters"] as const;
export const LETTER_STATES = ["open", "replayed", "dropped"] as const;
export type LetterState = (typeof LETTER_STATES)[number];

export function useBoxes() {
  return useQuery({
    queryKey: [MINE, "boxes"],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/boxes", { signal })),
    retry: false,
    refetchInterval: polling(QUICK),
  });
}

export function useLetters(state: LetterState) {
  return useInfiniteQuery({
    queryKey: [...LETTERS, "list", state],
    queryFn: ({ pageParam, signal }) => {
      const params = { query: { state, cursor: pageParam, limit: 20 } };
      return answer(api.GET("/api/v1/dead-letters", { params, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: polling(CALM),
  });
}

export function useLetter(id: string) {
  return useQuery({
    queryKey: [...LETTERS, id],
    queryFn: ({ signal }) => {
      const params = { path: { dead_letter_id: id } };
      return answer(api.GET("/api/v1/dead-letters/{dead_letter_id}", { params, signal }));
    },
  });
}
