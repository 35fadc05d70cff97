/** Times of a day somewhere, as `<input type="datetime-local">` has them, and moments. */

/** The parts of a moment in `zone`, as "2026-05-01T20:00:00" has them, taken as if UTC's. */
function localMs(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  const n = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(n("year"), n("month") - 1, n("day"), n("hour"), n("minute"), n("second"));
}

/** Whether there is such a zone. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return zone.trim() !== "";
  } catch {
    return false;
  }
}

/** The moment that `local` is in `zone`, in RFC 3339; null where it is no time. A time that
 * clocks skip in spring is taken an hour later, one that comes twice in autumn the first time. */
export function toMoment(local: string, zone: string): string | null {
  const wanted = Date.parse(`${local}Z`);
  if (Number.isNaN(wanted) || !isZone(zone)) return null;
  // The offset before and after the time that is meant; they differ where clocks change.
  const offsets = [-24, 24].map((hours) => {
    const at = wanted + hours * 3_600_000;
    return localMs(at, zone) - at;
  });
  const fitting = offsets
    .map((offset) => wanted - offset)
    .filter((at) => localMs(at, zone) === wanted)
    .sort((a, b) => a - b);
  const at = fitting[0] ?? wanted - (offsets[0] ?? 0);
  return new Date(at).toISOString().replace(".000Z", "Z");
}

/** What clocks in `zone` show at the moment `at`, for a `datetime-local` input. */
export function toLocal(at: string, zone: string): string {
  const moment = Date.parse(at);
  if (Number.isNaN(moment)) return "";
  const local = new Date(localMs(moment, isZone(zone) ? zone : "UTC")).toISOString();
  return local.endsWith("00.000Z") ? local.slice(0, 16) : local.slice(0, 19);
}

/** The zones that this browser knows, for suggestions. */
export function zones(): readonly string[] {
  return ["UTC", ...Intl.supportedValuesOf("timeZone")];
}
