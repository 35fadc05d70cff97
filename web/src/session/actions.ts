import { sleep, waitMs } from "../api/backoff";
import { answer, api } from "../api/client";
import { fetchInTime } from "../api/fetchInTime";
import { asProblem, problemOf } from "../api/problem";
import { alone } from "./lock";
import { canRemember, rememberedName } from "./memory";
import { announce, spend } from "./refresh";
import { current, signedIn, signedOut } from "./store";
import { areFresh, tokensOf } from "./tokens";
import { type Kept, keepSession, keptSession } from "./vault";

/** @throws Problem `invalid_credentials`, `rate_limited`, … */
export async function signIn(userName: string, password: string): Promise<void> {
  const body = { user_name: userName, password };
  const pair = await answer(api.POST("/api/v1/sessions", { body }));
  const held = tokensOf(pair, Date.now());
  // However its letters are spelled, it is one name.
  const name = userName.toLowerCase();
  const kept = { userName: name, refreshToken: pair.refresh_token, tokens: held };
  await alone(async () => {
    await keepSession(kept);
    signedIn(name, held);
  });
  announce(name, held);
}

/** Makes an account and signs in to it. @throws Problem `name_taken`, … */
export async function signUp(userName: string, password: string): Promise<void> {
  const body = { user_name: userName, password };
  try {
    await answer(api.POST("/api/v1/users", { body }));
  } catch (error) {
    if (asProblem(error).code !== "name_taken") throw error;
    // The account may have been made by a try whose answer was lost: then this is its password.
    await signIn(userName, password).catch((other) => {
      throw asProblem(other).code === "invalid_credentials" ? error : other;
    });
    return;
  }
  await signIn(userName, password);
}

/** How often the server is told that a session has ended, at most. */
const TRIES_MAX = 6;
const BACKOFF = { firstMs: 1_000, longestMs: 30_000 };

/** Ends this session: here at once, and at the server as soon as it can be told. */
export async function signOut(): Promise<void> {
  const { userName } = current();
  signedOut();
  await endKept((kept) => kept.userName === userName);
}

/** How long until a name that another tab has written is sure to be seen here. */
const SEEN_AFTER_MS = 2_000;

/** Ends a session that was left while the page went away, or before the server could be told. */
export async function endLeftBehind(): Promise<void> {
  // Who cannot remember names cannot tell one that was left from another tab's.
  if (!canRemember()) return;
  await sleep(SEEN_AFTER_MS);
  await endKept(() => rememberedName() === null && current().standing === "out");
}

async function endKept(isLeft: (kept: Kept) => boolean): Promise<void> {
  const ended = await alone(async () => {
    const kept = await keptSession();
    if (kept === null || !isLeft(kept)) return null;
    await keepSession(null);
    return kept;
  });
  if (ended) await endAtServer(ended);
}

async function endAtServer(ended: Kept): Promise<void> {
  let kept = ended;
  for (let attempt = 1; attempt <= TRIES_MAX; attempt += 1) {
    try {
      const fresh = areFresh(kept.tokens, Date.now()) ? kept : await spend(kept);
      if (fresh === null) return;
      kept = fresh;
      const response = await fetchInTime(endOf(kept));
      // What the server refuses has ended, or ends by itself.
      if (response.status < 500 && response.status !== 429) return;
      throw problemOf(response, undefined, Date.now());
    } catch (error) {
      await sleep(waitMs(BACKOFF, attempt, asProblem(error).retryAfterMs, Math.random()));
    }
  }
}

/** Asks for the session's end; goes on when the page is left. */
function endOf({ tokens, refreshToken }: Kept): Request {
  return new Request("/api/v1/sessions", {
    method: "DELETE",
    headers: {
      authorization: `Bearer ${tokens.accessToken}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ refresh_token: refreshToken }),
    keepalive: true,
  });
}
