/**
 * The refresh token lies in localStorage, so that a session outlives the tab, and all tabs
 * share one. A script on this page could read it, as it could use any session from here; that
 * there is no such script is what the Content-Security-Policy is for: scripts come from our
 * own origin alone, and none stands within a page. A token is worth one renewal: used twice,
 * it revokes the session (`docs`: `POST /sessions/refresh`).
 */
const KEY = "tally.session";

export interface Remembered {
  readonly refreshToken: string;
  readonly userName: string;
}

export function remembered(): Remembered | null {
  try {
    const text = localStorage.getItem(KEY);
    const value: unknown = text === null ? null : JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const { refreshToken, userName } = value as Partial<Remembered>;
    if (typeof refreshToken !== "string" || typeof userName !== "string") return null;
    return { refreshToken, userName };
  } catch {
    return null;
  }
}

export function remember(session: Remembered | null): void {
  try {
    if (session === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(session));
  } catch {
    // Without storage the session ends with the tab.
  }
}

/** Calls `heard` when another tab signs in or out. */
export function onOtherTab(heard: (session: Remembered | null) => void): () => void {
  const listen = (event: StorageEvent) => {
    if (event.key === KEY || event.key === null) heard(remembered());
  };
  addEventListener("storage", listen);
  return () => removeEventListener("storage", listen);
}
