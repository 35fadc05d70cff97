import type { KeyboardEvent, MouseEvent } from "react";

/**
 * Handlers for what holds buttons that spend something: a double click presses once, as does a
 * key that is held down. Each press is an intent of its own, so nothing further on can tell.
 */
export const pressedOnce = {
  onClickCapture: (event: MouseEvent) => {
    const isButton = event.target instanceof Element && event.target.closest("button") !== null;
    if (!isButton || event.detail <= 1) return;
    event.preventDefault();
    event.stopPropagation();
  },
  onKeyDown: (event: KeyboardEvent) => {
    if (event.key === "Enter" && event.repeat) event.preventDefault();
  },
};
