import { Problem } from "../api/problem";
import type { Tokens } from "./tokens";

/**
 * The session lies in IndexedDB, so that it outlives the tab, and all tabs share one. It is not
 * in localStorage, which each tab's process has a copy of: a tab that has waited for its turn
 * could still read the refresh token that another one has just spent there, and a spent token
 * used again revokes the session.
 *
 * The access token lies there as well. Otherwise each page that loads would spend a refresh
 * token, and one that goes away before the answer is there would end the session.
 *
 * A script on this page could read them, as it could use any session from here. That there is no
 * such script is what the Content-Security-Policy is for: scripts come from our own origin
 * alone, and none stands within a page.
 */
const DATABASE = "tally";
const STORE = "session";
const SESSION = "session";
const HOLDER = "holder";

let opened: Promise<IDBDatabase> | undefined;
/** Whether the store could be used since the page was loaded: then it is there, if away. */
let hasWorked = false;

/** The database; browsers close it at times, and then it is opened anew. */
function database(): Promise<IDBDatabase> {
  const forget = () => {
    opened = undefined;
  };
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => {
      request.result.onclose = forget;
      resolve(request.result);
    };
    request.onerror = () => {
      forget();
      reject(request.error);
    };
  });
  return opened;
}

/** Runs `work` alone on the store, over all tabs; ends once what it wrote is there for all. */
async function transact<T>(work: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  try {
    return await transactOnce(work);
  } catch (error) {
    if (!hasWorked) throw error;
    opened = undefined;
    return await transactOnce(work);
  }
}

async function transactOnce<T>(work: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  const transaction = (await database()).transaction(STORE, "readwrite", { durability: "strict" });
  const request = work(transaction.objectStore(STORE));
  const result = await new Promise<T>((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  });
  hasWorked = true;
  return result;
}

export interface Kept {
  readonly userName: string;
  readonly refreshToken: string;
  readonly tokens: Tokens;
}

/** What could not be written; where there is no IndexedDB, a session ends with the tab. */
let own: { readonly kept: Kept | null } | undefined;

/** Another tab has written what is newer than what could not be written here. */
export function forgetOwn(): void {
  if (hasWorked) own = undefined;
}

/** @throws Problem `unreachable` while the store is away; the session stands. */
export async function keptSession(): Promise<Kept | null> {
  if (own) return own.kept;
  try {
    return (await transact<Kept | undefined>((store) => store.get(SESSION))) ?? null;
  } catch {
    // Nobody knows whether a session is there; to say that it is not would end it.
    if (hasWorked) throw Problem.unreachable();
    return null;
  }
}

export async function keepSession(kept: Kept | null): Promise<void> {
  try {
    await transact<unknown>((store) =>
      kept === null ? store.delete(SESSION) : store.put(kept, SESSION),
    );
    own = undefined;
  } catch {
    own = { kept };
  }
}

/** Who holds the lock, and until when, where the browser has none of its own. */
interface Holder {
  readonly name: string;
  readonly until: number;
}

/** Takes the lock for `name` until `until`, unless another holds it at `now`. */
export async function takeLock(name: string, now: number, until: number): Promise<boolean> {
  try {
    let isTaken = false;
    await transact((store) => {
      const request: IDBRequest<Holder | undefined> = store.get(HOLDER);
      request.onsuccess = () => {
        const holder = request.result;
        if (holder && holder.name !== name && holder.until > now) return;
        isTaken = true;
        store.put({ name, until }, HOLDER);
      };
      return request;
    });
    return isTaken;
  } catch {
    // Nothing is shared with other tabs, then.
    return true;
  }
}

export async function releaseLock(): Promise<void> {
  await transact((store) => store.delete(HOLDER)).catch(() => undefined);
}
