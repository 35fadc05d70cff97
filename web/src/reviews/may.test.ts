import { describe, expect, it } from "vitest";
import type { Me } from "../session/useSession";
import { asked, hindrance } from "./may";

const me = (remaining: number): Me => ({
  user_id: "ada",
  user_name: "ada",
  role: "member",
  credit: 0,
  votes: { limit: 3, used: 3 - remaining, remaining, resets_at: "2026-05-02T00:00:00Z" },
});
const state = {
  isSignedIn: true,
  me: me(1),
  authorId: "bob",
  mine: null,
  isSending: false,
  now: Date.parse("2026-05-01T12:00:00Z"),
};

describe("a vote button", () => {
  it("votes, and says why where it does not", () => {
    expect(hindrance("up", state)).toBeNull();
    expect(hindrance("up", { ...state, isSignedIn: false })).toBe("signed_out");
    expect(hindrance("up", { ...state, authorId: "ada" })).toBe("own_review");
    expect(hindrance("up", { ...state, isSending: true })).toBe("sending");
    expect(hindrance("up", { ...state, me: me(0) })).toBe("quota_used");
  });

  it("takes a vote back also when the day's votes are used", () => {
    const spent = { ...state, me: me(0), mine: "up" as const };
    expect(hindrance("up", spent)).toBeNull();
    expect(hindrance("down", spent)).toBe("quota_used");
  });

  it("votes again once the next day has begun", () => {
    const now = Date.parse("2026-05-02T00:00:00Z");
    expect(hindrance("up", { ...state, me: me(0), now })).toBeNull();
  });

  it("takes back what it gave", () => {
    expect([asked("up", null), asked("up", "up"), asked("up", "down")]).toEqual([
      "up",
      "none",
      "up",
    ]);
  });
});
