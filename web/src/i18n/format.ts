/** Numbers, times and spans of time in the reader's language, through `Intl`. */

const formats = new Map<string, unknown>();

/** The reader's own variety of `language`, such as British English; it decides how dates look. */
function localeOf(language: string): string {
  const wanted = "navigator" in globalThis ? (navigator.languages ?? []) : [];
  return wanted.find((tag) => tag.split("-")[0] === language) ?? language;
}

function kept<Format>(name: string, make: () => Format): Format {
  const found = formats.get(name) as Format | undefined;
  if (found !== undefined) return found;
  const made = make();
  formats.set(name, made);
  return made;
}

export function number(language: string, value: number): string {
  return kept(`n${language}`, () => new Intl.NumberFormat(localeOf(language))).format(value);
}

export function stars(language: string, mean: number): string {
  const options = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return kept(`s${language}`, () => new Intl.NumberFormat(localeOf(language), options)).format(
    mean,
  );
}

export function percent(language: string, share: number): string {
  const options = { style: "percent", maximumFractionDigits: 1 } as const;
  return kept(`p${language}`, () => new Intl.NumberFormat(localeOf(language), options)).format(
    share,
  );
}

/** A moment in the zone `timeZone`, the reader's own by default. */
export function dateTime(language: string, at: Date, timeZone?: string): string {
  return kept(`d${language}${timeZone}`, () => {
    const options = { dateStyle: "medium", timeStyle: "short", timeZone } as const;
    return new Intl.DateTimeFormat(localeOf(language), options);
  }).format(at);
}

/** A moment with its zone's name, such as "1 May 2026, 20:00 CEST". */
export function zoned(language: string, at: Date, timeZone?: string): string {
  return kept(`z${language}${timeZone}`, () => {
    const options = {
      year: "numeric",
      month: "short",
      day: "numeric",
      hour: "numeric",
      minute: "2-digit",
      timeZone,
      timeZoneName: "short",
    } as const;
    return new Intl.DateTimeFormat(localeOf(language), options);
  }).format(at);
}

/** An hour of a day, for charts and their tables. */
export function hour(language: string, at: Date, timeZone?: string): string {
  return kept(`h${language}${timeZone}`, () => {
    const options = {
      month: "short",
      day: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      timeZone,
    } as const;
    return new Intl.DateTimeFormat(localeOf(language), options);
  }).format(at);
}

export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SPANS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * DAY],
  ["month", 30 * DAY],
  ["week", 7 * DAY],
  ["day", DAY],
  ["hour", HOUR],
  ["minute", MINUTE],
];

/** How long ago, or how soon: "3 days ago", "now". */
export function relative(language: string, at: number, now: number): string {
  const format = kept(
    `r${language}`,
    () => new Intl.RelativeTimeFormat(localeOf(language), { numeric: "auto" }),
  );
  const away = at - now;
  for (const [unit, ms] of SPANS) {
    if (Math.abs(away) >= ms) return format.format(Math.trunc(away / ms), unit);
  }
  return format.format(0, "second");
}

/** The parts of a countdown, in the order they are said. */
export type CountdownPart = readonly [unit: "day" | "hour" | "minute" | "second", n: number];

/** What is left: the two largest parts, down to the second in the last hour. */
export function countdownParts(ms: number): CountdownPart[] {
  const left = Math.max(0, Math.ceil(ms / 1_000));
  const parts: CountdownPart[] = [
    ["day", Math.floor(left / 86_400)],
    ["hour", Math.floor(left / 3_600) % 24],
    ["minute", Math.floor(left / 60) % 60],
    ["second", left % 60],
  ];
  const first = parts.findIndex(([, n]) => n > 0);
  if (first === -1) return [["second", 0]];
  const second = parts[first + 1];
  // A second part that is nothing is said of minutes only, where it is about to change.
  const isSaid = second !== undefined && (second[1] > 0 || second[0] === "second");
  return parts.slice(first, first + (isSaid ? 2 : 1));
}

/** How long is left, such as "2 days, 3 hr" or "4 min, 10 sec". */
export function countdown(language: string, ms: number): string {
  const parts = countdownParts(ms).map(([unit, value]) =>
    kept(`u${language}${unit}`, () => {
      const options = { style: "unit", unit, unitDisplay: "short" } as const;
      return new Intl.NumberFormat(localeOf(language), options);
    }).format(value),
  );
  return parts.join(" ");
}
