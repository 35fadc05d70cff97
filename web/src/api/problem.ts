/** What the API answers where it cannot do what was asked (RFC 9457), or what is said in its
 * place where no answer came. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly members: Readonly<Record<string, unknown>> = {},
    /** When to try again, in milliseconds; null where the server did not say. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(`${code}: ${detail}`);
    this.name = "Problem";
  }

  /** Nobody answered: the network, or a server that is away. */
  static unreachable(detail = ""): Problem {
    return new Problem(0, "unreachable", detail);
  }

  /** Whether the same request may do better a moment later. */
  get isPassing(): boolean {
    return this.isUnanswered || this.code === "rate_limited" || this.status === 503;
  }

  /** Whether the request was sent and no answer that can be read came back. */
  get isUnanswered(): boolean {
    return this.code === "unreachable" || this.code === "unreadable";
  }

  text(name: string): string | null {
    const value = this.members[name];
    return typeof value === "string" ? value : null;
  }

  number(name: string): number | null {
    const value = this.members[name];
    return typeof value === "number" ? value : null;
  }
}

/** `Retry-After` in milliseconds; it is whole seconds, or a date. */
export function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

/** The problem that `response` is; a gateway in between may answer without a body of ours. */
export function problemOf(response: Response, body: unknown, now: number): Problem {
  const wait = retryAfterMs(response.headers.get("retry-after"), now);
  if (typeof body === "object" && body !== null && "code" in body) {
    const { code, detail, ...members } = body as Record<string, unknown>;
    return new Problem(response.status, String(code), String(detail ?? ""), members, wait);
  }
  const isAway = response.status === 502 || response.status === 504;
  return isAway
    ? new Problem(503, "unreachable", "", {}, wait)
    : new Problem(response.status, "unexpected_answer", String(response.status), {}, wait);
}

/** Whatever was thrown, as a problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  // `fetch` throws a TypeError where nothing answered.
  if (error instanceof TypeError) return Problem.unreachable(error.message);
  if (error instanceof DOMException && error.name === "TimeoutError") return Problem.unreachable();
  // What came in the answer's place, or a part of it.
  if (error instanceof SyntaxError) return new Problem(0, "unreadable", "");
  return new Problem(0, "unexpected_answer", error instanceof Error ? error.message : "");
}
