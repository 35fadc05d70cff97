import { answer, api, outcome } from "../api/client";
import { alone } from "./lock";
import { announce, tokens } from "./refresh";
import { signedIn, signedOut } from "./store";
import { tokensOf } from "./tokens";
import { keepSession, keptSession } from "./vault";

/** @throws Problem `invalid_credentials`, `rate_limited`, … */
export async function signIn(userName: string, password: string): Promise<void> {
  const body = { user_name: userName, password };
  const pair = await answer(api.POST("/api/v1/sessions", { body }));
  const held = tokensOf(pair, Date.now());
  // However its letters are spelled, it is one name.
  const name = userName.toLowerCase();
  const kept = { userName: name, refreshToken: pair.refresh_token, tokens: held };
  await alone(() => keepSession(kept));
  signedIn(name, held);
  announce(name, held);
}

/** Makes an account and signs in to it. @throws Problem `name_taken`, … */
export async function signUp(userName: string, password: string): Promise<void> {
  const body = { user_name: userName, password };
  await answer(api.POST("/api/v1/users", { body }));
  await signIn(userName, password);
}

/** Ends this session; here at once, and at the server as soon as it can be told. */
export async function signOut(): Promise<void> {
  const kept = await keptSession();
  const body = kept ? { refresh_token: kept.refreshToken } : undefined;
  try {
    // A session that has ended already needs nobody to sign in for it.
    if ((await tokens()) !== null) await outcome(api.DELETE("/api/v1/sessions", { body }));
  } finally {
    await alone(() => keepSession(null));
    signedOut();
  }
}
