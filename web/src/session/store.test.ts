import { describe, expect, it } from "vitest";
import { askToSignIn, current, dismiss, lost, renewed, signedIn, signedOut } from "./store";

const tokens = { accessToken: "t", expiresAt: Number.MAX_SAFE_INTEGER };
/** Ada's session is lost, and something of hers waits for her to sign in. */
function waiting(): Promise<string> {
  signedIn("ada", tokens);
  lost();
  return askToSignIn().then(
    () => "goes on",
    (problem) => problem.code,
  );
}

describe("what waits for a sign-in", () => {
  it("goes on when the same member signs in, here or in another tab", async () => {
    const here = waiting();
    signedIn("ada", tokens);
    expect(await here).toBe("goes on");
    const elsewhere = waiting();
    renewed("ada", tokens);
    expect(await elsewhere).toBe("goes on");
    expect(current()).toMatchObject({ standing: "in", asking: null });
  });

  it("is not sent in another's name", async () => {
    const request = waiting();
    signedIn("bob", tokens);
    expect(await request).toBe("other_member");
  });

  it("ends with the session: who signs in later has nothing to do with it", async () => {
    const request = waiting();
    signedOut();
    signedIn("bob", tokens);
    expect(await request).toBe("not_signed_in");
    const dismissed = waiting();
    dismiss();
    expect(await dismissed).toBe("not_signed_in");
  });
});

describe("a renewal that ends late", () => {
  it("does not sign in again who has left, nor another one", () => {
    signedIn("ada", tokens);
    signedOut();
    renewed("ada", tokens);
    expect(current()).toMatchObject({ standing: "out", tokens: null });
    signedIn("bob", null);
    renewed("ada", tokens);
    expect(current()).toMatchObject({ userName: "bob", tokens: null });
  });
});
