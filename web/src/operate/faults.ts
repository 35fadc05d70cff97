import type { Problem } from "../api/problem";

/** What is wrong with a campaign, by the field that it is said of: `channels[0].key`. */
export type Faults = ReadonlyMap<string, string>;

/** Says a fault that the server calls `code`, and in English `detail`. */
export type SayFault = (code: string, detail: string) => string;

/** The faults that `problem` names. */
export function faultsOf(problem: Problem | null, say: SayFault): Faults {
  const errors = problem?.code === "invalid_campaign" ? problem.members.errors : undefined;
  const faults = new Map<string, string>();
  for (const error of Array.isArray(errors) ? errors : []) {
    const { field, code, detail } = error as Record<string, unknown>;
    if (typeof field !== "string" || typeof detail !== "string") continue;
    const said = say(String(code), detail);
    faults.set(field, faults.has(field) ? `${faults.get(field)} ${said}` : said);
  }
  return faults;
}

/** All faults of a field and of what lies in it, for fields that are typed as one. */
export function faultsWithin(faults: Faults, field: string): string | undefined {
  const found = [...faults].filter(([name]) => name === field || name.startsWith(`${field}[`));
  if (found.length === 0) return undefined;
  return found.map(([name, detail]) => (name === field ? detail : `${name}: ${detail}`)).join(" ");
}
