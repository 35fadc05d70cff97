import { Problem } from "../api/problem";
import { type Remembered, remember, remembered } from "./memory";
import type { Tokens } from "./tokens";

/** Who is here: `restoring` until a remembered session was renewed, `lost` when it could not. */
export type Standing = "restoring" | "in" | "lost" | "out";

export interface Session {
  readonly standing: Standing;
  readonly userName: string | null;
  readonly tokens: Tokens | null;
  /** Why the sign-in dialog is open; null while it is not. */
  readonly asking: "wanted" | "lost" | null;
}

type Waiter = { resolve: () => void; reject: (problem: Problem) => void };

let session: Session = begun(remembered());
const listeners = new Set<() => void>();
let waiters: Waiter[] = [];

function begun(before: Remembered | null): Session {
  const standing = before ? "restoring" : "out";
  return { standing, userName: before?.userName ?? null, tokens: null, asking: null };
}

export function current(): Session {
  return session;
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function put(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

/** Somebody signed in, here or in another tab. Who waited for that goes on. */
export function signedIn(userName: string, tokens: Tokens | null, refreshToken?: string): void {
  const isOther = session.userName !== null && session.userName !== userName;
  if (refreshToken !== undefined) remember({ refreshToken, userName });
  put({ standing: tokens ? "in" : "restoring", userName, tokens, asking: null });
  const waiting = waiters;
  waiters = [];
  for (const waiter of waiting) {
    // What one member wanted to send is not sent in another's name.
    if (isOther) waiter.reject(new Problem(0, "other_member", ""));
    else waiter.resolve();
  }
}

/** The tokens of the same session were renewed, here or in another tab. */
export function renewed(tokens: Tokens, refreshToken?: string): void {
  const { userName } = session;
  if (userName !== null && refreshToken !== undefined) remember({ refreshToken, userName });
  put({ ...session, standing: "in", tokens });
}

/** The session ended by itself: it was revoked, or ran out. */
export function lost(): void {
  if (session.standing === "lost" || session.standing === "out") return;
  remember(null);
  put({ ...session, standing: "lost", tokens: null });
}

export function signedOut(): void {
  remember(null);
  put({ standing: "out", userName: null, tokens: null, asking: null });
}

/** Opens the sign-in dialog; ends when somebody is signed in, fails when it is closed. */
export function askToSignIn(): Promise<void> {
  const asking = session.standing === "lost" ? "lost" : "wanted";
  const waiting = new Promise<void>((resolve, reject) => waiters.push({ resolve, reject }));
  put({ ...session, asking });
  return waiting;
}

/** The dialog was closed. */
export function dismiss(): void {
  const waiting = waiters;
  waiters = [];
  const isLost = session.standing === "lost";
  put({ ...session, standing: isLost ? "out" : session.standing, asking: null });
  for (const waiter of waiting) waiter.reject(new Problem(0, "not_signed_in", ""));
}
