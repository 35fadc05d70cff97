/** What requests are sent with. */
export interface Tokens {
  readonly accessToken: string;
  /** When the access token ends, by this computer's clock, in milliseconds. */
  readonly expiresAt: number;
}

/** How long before its end a token is renewed: longer than a request takes. */
const RENEW_BEFORE_MS = 30_000;

export function tokensOf(
  answer: { access_token: string; expires_in: number },
  now: number,
): Tokens {
  return { accessToken: answer.access_token, expiresAt: now + answer.expires_in * 1_000 };
}

/** Whether `tokens` can be sent now, or should be renewed first. */
export function areFresh(tokens: Tokens | null, now: number): tokens is Tokens {
  return tokens !== null && now < tokens.expiresAt - RENEW_BEFORE_MS;
}

/** How long until `tokens` are to be renewed, at least a second. */
export function renewInMs(tokens: Tokens, now: number): number {
  return Math.max(1_000, tokens.expiresAt - RENEW_BEFORE_MS - now);
}
