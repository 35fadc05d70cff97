// These are refs: each is one function, so that it is called when the element appears, and not
// again when it is drawn anew.

/** Puts the focus on the first field of a form that opens where a button was pressed. */
export function firstField(form: HTMLFormElement | null): void {
  form?.querySelector<HTMLElement>("input, select, textarea")?.focus();
}

/** Puts the focus on a button that comes back when what it had opened was closed. */
export function focusIf(isBack: boolean): ((button: HTMLButtonElement | null) => void) | undefined {
  return isBack ? focus : undefined;
}

function focus(button: HTMLButtonElement | null): void {
  button?.focus();
}
