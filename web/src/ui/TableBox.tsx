import type { ReactNode } from "react";

/** A box that a wide table scrolls in; keys reach it, too. */
export function TableBox({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: no fieldset, and no landmark of its own.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys.
    <div className="table-box" role="group" tabIndex={0} aria-label={label}>
      {children}
    </div>
  );
}
