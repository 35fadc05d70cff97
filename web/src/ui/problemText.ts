import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { en } from "../i18n/en";
import { dateTime } from "../i18n/format";

/** The parts of a problem that are said. */
export interface Said {
  readonly code: string;
  readonly detail: string;
  readonly members: Readonly<Record<string, unknown>>;
}

/** What `problem` says to people; what has a code that we do not know speaks for itself. */
export function problemText(t: TFunction, language: string, problem: Said): string {
  if (!(problem.code in en.problem)) return problem.detail || t("problem.unexpected_answer");
  const code = problem.code as keyof typeof en.problem;
  return t(`problem.${code}`, blanks(problem.members, language));
}

/** What problems fill into their sentences. */
function blanks(members: Said["members"], language: string) {
  const resetsAt = members.resets_at;
  const number = (name: string) => {
    const value = members[name];
    return typeof value === "number" ? value : 0;
  };
  return {
    resetsAt: typeof resetsAt === "string" ? dateTime(language, new Date(resetsAt)) : "",
    max: number("max_tickets"),
    limit: number("limit"),
  };
}

export function useProblemText(): (problem: Said) => string {
  const { t, i18n } = useTranslation();
  return (problem) => problemText(t, i18n.language, problem);
}
