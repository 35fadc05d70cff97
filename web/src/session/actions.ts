import { answer, api, outcome } from "../api/client";
import { remembered } from "./memory";
import { announce } from "./refresh";
import { signedIn, signedOut } from "./store";
import { tokensOf } from "./tokens";

/** @throws Problem `invalid_credentials`, `rate_limited`, … */
export async function signIn(userName: string, password: string): Promise<void> {
  const body = { user_name: userName, password };
  const pair = await answer(api.POST("/api/v1/sessions", { body }));
  const tokens = tokensOf(pair, Date.now());
  signedIn(userName, tokens, pair.refresh_token);
  announce(userName, tokens);
}

/** Makes an account and signs in to it. @throws Problem `name_taken`, … */
export async function signUp(userName: string, password: string): Promise<void> {
  const body = { user_name: userName, password };
  await answer(api.POST("/api/v1/users", { body }));
  await signIn(userName, password);
}

/** Ends this session; here at once, and at the server as soon as it can be told. */
export async function signOut(): Promise<void> {
  const before = remembered();
  const body = before ? { refresh_token: before.refreshToken } : undefined;
  try {
    await outcome(api.DELETE("/api/v1/sessions", { body }));
  } finally {
    signedOut();
  }
}
