import { waitMs } from "./backoff";
import { asProblem } from "./problem";

/** How often something is asked for again. */
export interface Pace {
  /** While it changes. */
  readonly quickMs: number;
  /** Once nothing has changed for long. */
  readonly slowMs: number;
}

export const QUICK: Pace = { quickMs: 2_000, slowMs: 10_000 };
export const CALM: Pace = { quickMs: 5_000, slowMs: 30_000 };

/** How long nothing must have changed before the pace slows down. */
const CALM_AFTER_MS = 30_000;
const AFTER_FAILURE = { firstMs: 2_000, longestMs: 60_000 };

/** What the next wait depends on. */
export interface Polled {
  /** Failures in a row. */
  readonly nFailures: number;
  readonly retryAfterMs: number | null;
  /** How long nothing has changed. */
  readonly calmMs: number;
}

/** How long to wait before asking again, in milliseconds. */
export function pollMs(pace: Pace, polled: Polled, random: number): number {
  if (polled.nFailures > 0) {
    return waitMs(AFTER_FAILURE, polled.nFailures, polled.retryAfterMs, random);
  }
  const share = Math.min(1, Math.max(0, polled.calmMs / CALM_AFTER_MS - 1));
  const calm = pace.quickMs + (pace.slowMs - pace.quickMs) * share;
  return Math.round(calm * (0.9 + 0.2 * random));
}

/** What is remembered of a query from one answer to the next. */
interface Course {
  data: unknown;
  /** When `data` came for the first time; structural sharing keeps what did not change. */
  since: number;
  nAnswers: number;
  /** How many failures there were when it last answered. */
  nFailuresBefore: number;
}

const courses = new WeakMap<object, Course>();

/** The parts of TanStack Query's `Query` that polling looks at. */
interface PolledQuery {
  readonly state: {
    readonly data: unknown;
    readonly dataUpdateCount: number;
    readonly dataUpdatedAt: number;
    readonly errorUpdateCount: number;
    readonly error: unknown;
  };
}

/**
 * A `refetchInterval` at `pace`. It follows from the query's state alone: what changed with
 * the clock would start the wait again with every rendering. TanStack Query asks nothing for
 * hidden tabs and without a network.
 */
export function polling(pace: Pace): (query: PolledQuery) => number {
  return (query) => {
    const { state } = query;
    const course = courses.get(query) ?? {
      data: undefined,
      since: state.dataUpdatedAt,
      nAnswers: -1,
      nFailuresBefore: 0,
    };
    if (course.nAnswers !== state.dataUpdateCount) {
      course.nAnswers = state.dataUpdateCount;
      course.nFailuresBefore = state.errorUpdateCount;
    }
    if (course.data !== state.data) {
      course.data = state.data;
      course.since = state.dataUpdatedAt;
    }
    courses.set(query, course);
    const polled = {
      nFailures: state.errorUpdateCount - course.nFailuresBefore,
      retryAfterMs: state.error ? asProblem(state.error).retryAfterMs : null,
      calmMs: state.dataUpdatedAt - course.since,
    };
    return pollMs(pace, polled, scattered(state.dataUpdatedAt + state.errorUpdateCount));
  };
}

/** A number from 0 to 1 that follows from `seed` without a pattern. */
function scattered(seed: number): number {
  const x = Math.sin(seed % 1_000_003) * 43_758.545_3;
  return x - Math.floor(x);
}
