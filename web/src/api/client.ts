import createClient from "openapi-fetch";
import { sessionFetch } from "../session/fetch";
import { asProblem, problemOf } from "./problem";
import type { components, paths } from "./schema";

/** A body as the API describes it. */
export type Body<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** Typed calls to the API, with the session's token; see `answer` for what they end in. */
export const api = createClient<paths>({ baseUrl: "/", fetch: sessionFetch });

interface Outcome<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** What a call answers; throws a `Problem` where it is one. */
export async function answer<Data>(call: Promise<Outcome<Data>>): Promise<NonNullable<Data>> {
  return (await outcome(call)) as NonNullable<Data>;
}

/** Like `answer`, for calls that may answer without a body (204). */
export async function outcome<Data>(call: Promise<Outcome<Data>>): Promise<Data | undefined> {
  let got: Outcome<Data>;
  try {
    got = await call;
  } catch (error) {
    throw asProblem(error);
  }
  if (!got.response.ok) throw problemOf(got.response, got.error, Date.now());
  return got.data;
}
