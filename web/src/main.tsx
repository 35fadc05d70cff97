import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router";
import { asProblem } from "./api/problem";
import { startWords } from "./i18n";
import { router } from "./routes";
import { SessionKeeper } from "./session/SessionKeeper";
import { connectVotes } from "./votes/effects";
import { followVotes } from "./votes/follow";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What polls comes back by itself; the rest is tried twice more where that may help.
      retry: (n, error) => n < 2 && asProblem(error).isPassing,
      retryDelay: (n, error) => asProblem(error).retryAfterMs ?? 500 * 2 ** n,
    },
    mutations: { networkMode: "always" },
  },
});

connectVotes(queries);

void startWords().then(() => {
  followVotes();
  const root = document.getElementById("root");
  if (!root) throw new Error("the page has no root");
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <SessionKeeper />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
});
