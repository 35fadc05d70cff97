import { Problem } from "../api/problem";
import { rememberedName, rememberName } from "./memory";
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

let session: Session = begun(rememberedName());
const listeners = new Set<() => void>();
let waiters: Waiter[] = [];

function begun(userName: string | null): Session {
  const standing = userName === null ? "out" : "restoring";
  return { standing, userName, tokens: null, asking: null };
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

/** Lets those who wait for a sign-in go on, or fail with `problem`. */
function release(problem: Problem | null): void {
  const waiting = waiters;
  waiters = [];
  for (const waiter of waiting) {
    if (problem) waiter.reject(problem);
    else waiter.resolve();
  }
}

/** Somebody signed in, here or in another tab. Who waited for that goes on. */
export function signedIn(userName: string, tokens: Tokens | null): void {
  const isOther = session.userName !== null && session.userName !== userName;
  rememberName(userName);
  put({ standing: tokens ? "in" : "restoring", userName, tokens, asking: null });
  // What one member wanted to send is not sent in another's name.
  release(isOther ? new Problem(0, "other_member", "") : null);
}

/** The session of `userName` has new tokens, from here or from another tab. */
export function renewed(userName: string, tokens: Tokens): void {
  // Who has signed out meanwhile stays out.
  if (session.userName !== userName || session.standing === "out") return;
  put({ ...session, standing: "in", tokens, asking: null });
  release(null);
}

/** The session ended by itself: it was revoked, or ran out. */
export function lost(): void {
  if (session.standing === "lost" || session.standing === "out") return;
  put({ ...session, standing: "lost", tokens: null });
}

export function signedOut(): void {
  rememberName(null);
  put({ standing: "out", userName: null, tokens: null, asking: null });
  release(new Problem(0, "not_signed_in", ""));
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
  const isLost = session.standing === "lost";
  if (isLost) rememberName(null);
  put(isLost ? begun(null) : { ...session, asking: null });
  release(new Problem(0, "not_signed_in", ""));
}
