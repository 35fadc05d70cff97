import { type RefObject, useLayoutEffect, useRef } from "react";

/** How long a row takes to its new place. */
const GLIDE_MS = 450;

/** Lets the children of a list glide to their new places when their order changes. They are
 * told apart by `data-key`. */
export function useGlide<E extends HTMLElement>(order: unknown): RefObject<E | null> {
  const list = useRef<E>(null);
  const places = useRef(new Map<string, number>());
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new order is what moves rows.
  useLayoutEffect(() => {
    const before = places.current;
    const now = new Map<string, number>();
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    for (const child of list.current?.children ?? []) {
      const key = (child as HTMLElement).dataset.key ?? "";
      const top = (child as HTMLElement).offsetTop;
      now.set(key, top);
      const old = before.get(key);
      if (old === undefined || old === top || isCalm) continue;
      child.animate([{ transform: `translateY(${old - top}px)` }, { transform: "none" }], {
        duration: GLIDE_MS,
        easing: "cubic-bezier(0.2, 0.8, 0.2, 1)",
      });
    }
    places.current = now;
  }, [order]);
  return list;
}
