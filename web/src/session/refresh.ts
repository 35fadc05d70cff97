import { fetchInTime } from "../api/fetchInTime";
import { asProblem, Problem, problemOf } from "../api/problem";
import { alone } from "./lock";
import { current, lost, renewed, signedIn } from "./store";
import { areFresh, type Tokens, tokensOf } from "./tokens";
import { forgetOwn, type Kept, keepSession, keptSession } from "./vault";

/** Tells other tabs of new access tokens, so that they need none of their own. */
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("tally.session") : null;

interface Told {
  readonly userName: string;
  readonly tokens: Tokens;
}

channel?.addEventListener("message", ({ data }: MessageEvent<Told>) => {
  forgetOwn();
  renewed(data.userName, data.tokens);
});

let renewing: Promise<Tokens | null> | null = null;

/**
 * Access tokens that are good now, or null without a session. Tokens that are about to end,
 * or that the server refused (`refused`), are renewed: once for all requests of all tabs.
 *
 * @throws Problem when the server cannot be asked; the session stands.
 */
export async function tokens(refused?: string): Promise<Tokens | null> {
  const { standing, tokens } = current();
  if (standing === "out" || standing === "lost") return null;
  if (areFresh(tokens, Date.now()) && tokens.accessToken !== refused) return tokens;
  renewing ??= alone(() => renew(refused)).finally(() => {
    renewing = null;
  });
  return await renewing;
}

async function renew(refused?: string): Promise<Tokens | null> {
  // Another tab may have done it while this one waited for its turn.
  const told = current().tokens;
  if (areFresh(told, Date.now()) && told.accessToken !== refused) return told;
  const kept = await keptSession();
  const { userName } = current();
  if (kept === null || userName === null) {
    lost();
    return null;
  }
  if (kept.userName !== userName) {
    // Another tab signed in to another account, and this one has not been told yet.
    signedIn(kept.userName, null);
    throw new Problem(0, "other_member", "");
  }
  if (areFresh(kept.tokens, Date.now()) && kept.tokens.accessToken !== refused) {
    renewed(userName, kept.tokens);
    return kept.tokens;
  }
  const fresh = await spend(kept);
  // Before the next tab has its turn.
  await keepSession(fresh);
  if (fresh === null) {
    lost();
    return null;
  }
  renewed(userName, fresh.tokens);
  announce(userName, fresh.tokens);
  return fresh.tokens;
}

/**
 * The session after its refresh token was spent; null where it has ended.
 *
 * @throws Problem when the server cannot be asked.
 */
export async function spend(kept: Kept): Promise<Kept | null> {
  let response: Response;
  try {
    response = await fetchInTime(
      new Request("/api/v1/sessions/refresh", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ refresh_token: kept.refreshToken }),
      }),
    );
  } catch (error) {
    throw asProblem(error);
  }
  const body = await response.json().catch(() => undefined);
  if (response.status === 401) return null;
  if (!response.ok) throw problemOf(response, body, Date.now());
  if (typeof body?.refresh_token !== "string") throw new Problem(0, "unexpected_answer", "");
  const { userName } = kept;
  return { userName, refreshToken: body.refresh_token, tokens: tokensOf(body, Date.now()) };
}

/** Tells the other tabs of tokens that were just handed out. */
export function announce(userName: string, tokens: Tokens): void {
  channel?.postMessage({ userName, tokens } satisfies Told);
}
