/** Whose session there is, as all tabs can tell at once; no secret. See `vault.ts` for that. */
const KEY = "tally.member";

export function rememberedName(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function rememberName(userName: string | null): void {
  try {
    if (userName === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, userName);
  } catch {
    // Without storage the session ends with the tab.
  }
}

/** Whether names are remembered at all: storage may be full, or forbidden. */
export function canRemember(): boolean {
  try {
    localStorage.setItem(`${KEY}.probe`, "");
    localStorage.removeItem(`${KEY}.probe`);
    return true;
  } catch {
    return false;
  }
}

/** Calls `heard` when another tab signs in or out. */
export function onOtherTab(heard: (userName: string | null) => void): () => void {
  const listen = (event: StorageEvent) => {
    if (event.key === KEY || event.key === null) heard(rememberedName());
  };
  addEventListener("storage", listen);
  return () => removeEventListener("storage", listen);
}
