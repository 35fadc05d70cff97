import { noteServerTime } from "../api/clock";
import { fetchInTime } from "../api/fetchInTime";
import { Problem } from "../api/problem";
import { tokens } from "./refresh";
import { askToSignIn, current } from "./store";

/** Paths that are asked without a token. */
const OPEN = /\/api\/v1\/(?:sessions|sessions\/refresh|users)$/;

/**
 * `fetch` with the session's token. A token that the server refuses is renewed once. When the
 * session is lost, whatever changes something waits for the sign-in dialog and then goes on;
 * what only reads goes on without a session. What one member has begun is not sent for another.
 *
 * @throws Problem `not_signed_in`, `other_member`, or why no token could be had.
 */
export async function sessionFetch(request: Request): Promise<Response> {
  if (OPEN.test(new URL(request.url).pathname) && request.method === "POST") {
    return await timed(request);
  }
  const whose = current().userName;
  let refused: string | undefined;
  for (;;) {
    const held = await tokens(refused);
    const { userName } = current();
    if (whose !== null && whose !== userName) {
      throw new Problem(0, userName === null ? "not_signed_in" : "other_member", "");
    }
    const again = request.clone();
    if (held === null && current().standing === "lost" && request.method !== "GET") {
      await askToSignIn();
      continue;
    }
    const response = await timed(withToken(request, held?.accessToken));
    const isRefused = response.status === 401 && held !== null;
    if (!isRefused || refused !== undefined) return response;
    refused = held.accessToken;
    request = again;
  }
}

function withToken(request: Request, token: string | undefined): Request {
  if (token === undefined) return request;
  const headers = new Headers(request.headers);
  headers.set("authorization", `Bearer ${token}`);
  return new Request(request, { headers });
}

async function timed(request: Request): Promise<Response> {
  const response = await fetchInTime(request);
  noteServerTime(response.headers.get("date"), Date.now());
  return response;
}
