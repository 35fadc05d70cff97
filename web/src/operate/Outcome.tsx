import type { ReactNode } from "react";
import type { Problem } from "../api/problem";
import { useProblemText } from "../ui/problemText";

/** What something that was sent came to. */
export function Outcome(props: { problem: Problem | null; children?: ReactNode }) {
  const say = useProblemText();
  if (props.problem) {
    return (
      <p className="note note-bad" role="alert">
        {say(props.problem)}
      </p>
    );
  }
  return <div role="status">{props.children}</div>;
}
