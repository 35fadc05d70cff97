import { describe, expect, it } from "vitest";
import { asProblem, Problem, problemOf, retryAfterMs } from "./problem";

describe("a problem", () => {
  it("keeps its code, its words and its members", () => {
    const response = new Response(null, { status: 429, headers: { "retry-after": "7" } });
    const body = {
      code: "daily_quota_used",
      detail: "All used.",
      resets_at: "2026-01-02T00:00:00Z",
    };
    const problem = problemOf(response, body, 0);
    expect(problem).toMatchObject({ status: 429, code: "daily_quota_used", detail: "All used." });
    expect(problem.text("resets_at")).toBe("2026-01-02T00:00:00Z");
    expect(problem.number("resets_at")).toBeNull();
    expect(problem.retryAfterMs).toBe(7_000);
    expect(problem.isPassing).toBe(false);
  });

  it("is made up where something in between answered", () => {
    const of = (status: number) => problemOf(new Response(null, { status }), undefined, 0);
    expect(of(502)).toMatchObject({ code: "unreachable", isPassing: true });
    expect(of(404)).toMatchObject({ code: "unexpected_answer", isPassing: false });
  });

  it("is made of whatever was thrown", () => {
    const own = new Problem(404, "item_not_found", "");
    expect(asProblem(own)).toBe(own);
    expect(asProblem(new TypeError("Failed to fetch")).isPassing).toBe(true);
    expect(new Problem(0, "not_signed_in", "").isPassing).toBe(false);
    expect(asProblem("?").code).toBe("unexpected_answer");
    // Who waited has waited long enough, or has half an answer.
    expect(asProblem(new DOMException("", "TimeoutError")).isUnanswered).toBe(true);
    expect(asProblem(new SyntaxError("Unexpected end")).isUnanswered).toBe(true);
  });
});

describe("Retry-After", () => {
  it("is seconds or a date", () => {
    expect(retryAfterMs("2", 0)).toBe(2_000);
    expect(retryAfterMs("Thu, 01 Jan 1970 00:00:09 GMT", 4_000)).toBe(5_000);
    expect(retryAfterMs("Thu, 01 Jan 1970 00:00:01 GMT", 4_000)).toBe(0);
    for (const header of [null, "", "soon"]) expect(retryAfterMs(header, 0)).toBeNull();
  });
});
