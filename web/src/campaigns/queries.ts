import { queryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { answer, api, type Body } from "../api/client";
import { CALM, polling, QUICK } from "../api/poll";
import { MINE, useSession } from "../session/useSession";
import { isTurning } from "./stage";

export type Campaign = Body<"CampaignBody">;
export type CampaignSummary = Body<"CampaignSummaryBody">;
export type BoardRow = Body<"BoardRowBody">;
export type Lot = Body<"LotBody">;
export type LedgerEntry = Body<"EntryBody">;

type PageParam = string | undefined;
const paged = {
  initialPageParam: undefined as PageParam,
  getNextPageParam: (page: { next_cursor?: string | null }) => page.next_cursor ?? undefined,
};

const path = (campaignId: string) => ({ campaign_id: campaignId });

export function useCampaigns() {
  return useInfiniteQuery({
    queryKey: ["campaigns", "list"],
    queryFn: ({ pageParam, signal }) => {
      const query = { cursor: pageParam, limit: 30 };
      return answer(api.GET("/api/v1/campaigns", { params: { query }, signal }));
    },
    ...paged,
    refetchInterval: polling(CALM),
  });
}

const campaignQuery = (campaignId: string) =>
  queryOptions({
    queryKey: ["campaigns", campaignId, "campaign"],
    queryFn: ({ signal }) => {
      const params = { path: path(campaignId) };
      return answer(api.GET("/api/v1/campaigns/{campaign_id}", { params, signal }));
    },
  });

/** What a campaign is called, where nothing else of it is shown; names seldom change. */
export function useCampaignName(campaignId: string): string | undefined {
  const query = { ...campaignQuery(campaignId), staleTime: 60_000 };
  return useQuery({ ...query, select: ({ name }: Campaign) => name }).data;
}

export function useCampaign(campaignId: string) {
  return useQuery({
    ...campaignQuery(campaignId),
    // Around its start and its end, and while it closes, its state is what everybody waits for.
    refetchInterval: (query) =>
      polling(query.state.data && isTurning(query.state.data) ? QUICK : CALM)(query),
  });
}

export function useBoard(campaignId: string, channel: string) {
  return useQuery({
    queryKey: ["campaigns", campaignId, "board", channel],
    queryFn: ({ signal }) => {
      const params = { path: path(campaignId), query: { channel: channel || undefined } };
      return answer(api.GET("/api/v1/campaigns/{campaign_id}/board", { params, signal }));
    },
    retry: false,
    // What the campaign says is not enough: this board may be of a moment before.
    refetchInterval: (query) =>
      query.state.data?.state === "final" ? false : polling(QUICK)(query),
    placeholderData: (before) => before,
    // `as_of` alone is no change: a 304 has the old one anyhow.
    structuralSharing: (before, after) => sameBoard(before, after),
  });
}

function sameBoard(before: unknown, after: unknown): unknown {
  const content = (board: unknown) => JSON.stringify({ ...(board as object), as_of: null });
  return before !== undefined && content(before) === content(after) ? before : after;
}

export function useFans(campaignId: string, option: string) {
  const { userName } = useSession();
  return useInfiniteQuery({
    queryKey: ["campaigns", campaignId, "fans", option, userName],
    queryFn: ({ pageParam, signal }) => {
      const params = {
        path: { ...path(campaignId), option },
        query: { cursor: pageParam, limit: 20 },
      };
      return answer(
        api.GET("/api/v1/campaigns/{campaign_id}/options/{option}/fans", { params, signal }),
      );
    },
    ...paged,
    refetchInterval: polling(CALM),
  });
}

export function useHours(campaignId: string, option: string) {
  return useQuery({
    queryKey: ["campaigns", campaignId, "hours", option],
    queryFn: ({ signal }) => {
      const params = { path: { ...path(campaignId), option } };
      return answer(
        api.GET("/api/v1/campaigns/{campaign_id}/options/{option}/hours", { params, signal }),
      );
    },
    refetchInterval: polling(CALM),
  });
}

export function useWallet(campaignId: string, isWanted: boolean) {
  return useQuery({
    queryKey: [MINE, "wallet", campaignId],
    queryFn: ({ signal }) => {
      const params = { path: path(campaignId) };
      return answer(api.GET("/api/v1/campaigns/{campaign_id}/wallet", { params, signal }));
    },
    enabled: isWanted,
    refetchInterval: polling(CALM),
  });
}

export function useLedger(campaignId: string, isWanted: boolean) {
  return useInfiniteQuery({
    queryKey: [MINE, "ledger", campaignId],
    queryFn: ({ pageParam, signal }) => {
      const params = { path: path(campaignId), query: { cursor: pageParam, limit: 50 } };
      return answer(api.GET("/api/v1/campaigns/{campaign_id}/ledger", { params, signal }));
    },
    ...paged,
    enabled: isWanted,
  });
}

export function useResult(campaignId: string, isFinal: boolean) {
  return useQuery({
    queryKey: ["campaigns", campaignId, "result"],
    queryFn: async ({ signal }) => {
      const params = { path: path(campaignId) };
      const call = api.GET("/api/v1/campaigns/{campaign_id}/result", { params, signal });
      return (await answer(call)) as Body<"ResultBody">;
    },
    enabled: isFinal,
    staleTime: Number.POSITIVE_INFINITY,
  });
}
