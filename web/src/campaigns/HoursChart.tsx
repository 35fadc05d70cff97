import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import uPlot from "uplot";
import { hour, number } from "../i18n/format";
import "uplot/dist/uPlot.min.css";

const HEIGHT = 200;
const HOUR_S = 3_600;
/** What lies between two labels: never less than an hour, for that is what a bar is. */
const STEPS_S = [1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 672].map((hours) => hours * HOUR_S);

/** How many hours are shown at least. */
const FEWEST = 8;

/** Tickets hour by hour. What it shows is in the table beside it, too. */
export default function HoursChart(props: {
  hours: readonly { hour: string; votes: number }[];
  zone: string;
}) {
  const { t, i18n } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const { hours, zone } = props;
  const { language } = i18n;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let chart: uPlot | null = null;
    const draw = () => {
      chart?.destroy();
      chart = plot(element, hours, zone, language);
    };
    draw();
    const size = new ResizeObserver(() =>
      chart?.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    size.observe(element);
    // Colours are taken over into the drawing, so they change with the theme only when told.
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      size.disconnect();
      theme.disconnect();
      dark.removeEventListener("change", draw);
      chart?.destroy();
    };
  }, [hours, zone, language]);

  return <div ref={box} className="hours-chart" role="img" aria-label={t("hours.chart")} />;
}

function plot(
  element: HTMLElement,
  hours: readonly { hour: string; votes: number }[],
  zone: string,
  language: string,
): uPlot {
  const style = getComputedStyle(element);
  const [bar, ink, line] = [style.color, style.outlineColor, style.borderTopColor];
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const times = hours.map((row) => Date.parse(row.hour) / 1_000);
  const votes: (number | null)[] = hours.map((row) => row.votes);
  // Room for the first bar and the last, and for some more while there are few.
  const [first = 0, last = first] = [times[0], times.at(-1)];
  times.unshift(first - HOUR_S);
  votes.unshift(null);
  times.push(Math.max(last, first + (FEWEST - 1) * HOUR_S) + HOUR_S);
  votes.push(null);
  return new uPlot(
    {
      width: element.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      padding: [12, 48, 0, 0],
      cursor: { drag: { x: false, y: false } },
      // Hours are labelled in the campaign's zone.
      tzDate: (at) => uPlot.tzDate(new Date(at * 1_000), zone),
      scales: { y: { range: (_, __, most) => [0, Math.max(4, most * 1.1)] } },
      axes: [
        {
          ...axis,
          space: 100,
          incrs: STEPS_S,
          values: (_, splits) => splits.map((at) => hour(language, new Date(at * 1_000), zone)),
        },
        { ...axis, size: 50, values: (_, splits) => splits.map((n) => number(language, n)) },
      ],
      series: [
        {},
        {
          stroke: bar,
          fill: bar,
          width: 0,
          paths: uPlot.paths.bars?.({ size: [0.8, 40] }),
          points: { show: false },
        },
      ],
    },
    [times, votes],
    element,
  );
}
