import { useTranslation } from "react-i18next";
import { countdown, dateTime, ownZone, relative, zoned } from "../i18n/format";
import { useNow } from "./now";

/** How long ago; the whole time is in its tooltip. */
export function Ago({ at }: { at: string }) {
  const { i18n } = useTranslation();
  const date = new Date(at);
  const now = useNow();
  return (
    <time dateTime={at} title={dateTime(i18n.language, date)}>
      {relative(i18n.language, date.getTime(), now)}
    </time>
  );
}

export function At({ at }: { at: string }) {
  const { i18n } = useTranslation();
  return <time dateTime={at}>{dateTime(i18n.language, new Date(at))}</time>;
}

/** A moment in the campaign's zone, and in the reader's where that differs. */
export function ZonedAt({ at, zone }: { at: string; zone: string }) {
  const { t, i18n } = useTranslation();
  const date = new Date(at);
  const there = zoned(i18n.language, date, zone);
  const here = zoned(i18n.language, date);
  const differs =
    ownZone() !== zone && dateTime(i18n.language, date, zone) !== dateTime(i18n.language, date);
  return (
    <time dateTime={at}>
      {there}
      {differs && <span className="soft"> {t("time.here", { time: here })}</span>}
    </time>
  );
}

/** What is left until `until`, second by second. Screen readers are not told of each. */
export function Countdown({ until }: { until: string }) {
  const { i18n } = useTranslation();
  const left = Date.parse(until) - useNow();
  return (
    <span className="numbers" role="timer">
      {countdown(i18n.language, left)}
    </span>
  );
}
