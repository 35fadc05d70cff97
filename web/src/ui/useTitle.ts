import { useEffect } from "react";

/** Names the page in the tab, in history and for screen readers. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    if (title) document.title = `${title} · Tally`;
  }, [title]);
}
