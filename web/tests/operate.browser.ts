import { describe, expect, inject, it } from "vitest";
import { expectAccessible, expectSound, open, shoot } from "./browser";
import { Caller, fresh } from "./site";

describe("admins", () => {
  it("admit partners, and give and revoke their keys; a secret is shown once", async () => {
    const page = await open("/operate/partners", { as: inject("admin") });
    const name = fresh("Broadcaster");
    const kind = `jury-${Math.random().toString(36).slice(2, 8)}`;
    const form = page.getByRole("form", { name: "Admit a partner" });
    await form.getByLabel("Name").fill(name);
    await form.getByLabel("Kind of its voters").fill("member");
    await form.getByRole("button", { name: "Admit a partner" }).click();
    await form.getByText(/not “member”/).waitFor();
    await form.getByLabel("Kind of its voters").fill(kind);
    await form.getByRole("button", { name: "Admit a partner" }).click();
    await form.getByText("Keep the secret now").waitFor();
    await expectAccessible(page);
    const partner = page.getByRole("article", { name });
    await partner.getByRole("button", { name: "Give another key" }).click();
    await partner.getByText("Keep the secret now").waitFor();
    const revoke = partner.getByRole("button", { name: "Revoke" });
    await expect.poll(() => revoke.count()).toBe(2);
    await revoke.first().click();
    await partner.getByRole("button", { name: "Revoke for good" }).click();
    await partner.getByText("Revoked").waitFor();
    await page.reload();
    await partner.waitFor();
    expect(await page.getByText("Keep the secret now").count()).toBe(0);
    await shoot(page, "partners-admitted", true);
    expectSound(page);
  });

  it("give roles, which the audit record shows", async () => {
    const member = await Caller.signUp(inject("url"), "helper");
    const me = await member.call<{ user_id: string }>("GET", "/me");
    const page = await open("/operate/roles", { as: inject("admin") });
    const form = page.getByRole("form", { name: "Give a role" });
    await form.getByLabel("Find a member").fill(member.name.toUpperCase().slice(0, -2));
    await expectAccessible(page);
    await form.getByRole("button", { name: member.name }).click();
    expect(await form.getByLabel("Account id").inputValue()).toBe(me.user_id);
    await shoot(page, "role-member-found");
    await form.getByLabel("Role").selectOption("moderator");
    await form.getByRole("button", { name: "Give a role" }).click();
    await form.getByText(`${member.name} is now: Moderator.`).waitFor();
    await page.getByRole("cell", { name: `user:${me.user_id}` }).waitFor();
    await page.getByRole("link", { name: "Audit record" }).click();
    await page.getByLabel("Subject").fill(`user:${me.user_id}`);
    await page.getByRole("button", { name: "Filter" }).click();
    // The whole record stands there until the filtered one has come.
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
    await page.getByRole("cell", { name: "role_given" }).waitFor();
  });
});

describe("operators", () => {
  it("add restaurants and items", async () => {
    const page = await open("/operate/places", { as: inject("admin") });
    const name = fresh("Bistro");
    const place = page.getByRole("form", { name: "Add a restaurant" });
    await place.getByLabel("Name").fill(name);
    await place.getByLabel("Address").fill("5 New Street");
    await place.getByLabel("Description").fill("Opened today.");
    await place.getByRole("button", { name: "Add a restaurant" }).click();
    await place.getByRole("link", { name }).waitFor();
    const item = page.getByRole("form", { name: "Add an item" });
    await item.getByLabel("Search restaurants").fill(name);
    await item.getByLabel("Restaurant", { exact: true }).selectOption({ label: name });
    await item.getByLabel("Name").fill("Onion soup");
    await item.getByRole("button", { name: "Add an item" }).click();
    await item.getByRole("link", { name: "Onion soup" }).click();
    await page.getByRole("heading", { name: "Onion soup", level: 1 }).waitFor();
  });
});

describe("moderators", () => {
  it("void votes on a review, and remove it", async () => {
    const url = inject("url");
    const { name, password } = inject("admin");
    const admin = await Caller.signIn(url, name, password);
    const [moderator, author, voter] = [
      await Caller.signUp(url, "moderator"),
      await Caller.signUp(url, "author"),
      await Caller.signUp(url, "voter"),
    ];
    const { user_id } = await moderator.call<{ user_id: string }>("GET", "/me");
    await admin.call("PUT", `/users/${user_id}/role`, { role: "moderator" });
    const places = await admin.call<{ items: { restaurant_id: string }[] }>("GET", "/restaurants");
    const path = `/restaurants/${places.items[0]?.restaurant_id}`;
    const items = await admin.call<{ items: { item_id: string }[] }>("GET", `${path}/items`);
    const review = await author.call<{ review_id: string }>("POST", `${path}/reviews`, {
      item_id: items.items[0]?.item_id,
      stars: 1,
      content: "Bought votes.",
    });
    const vote = await voter.call<{ vote_id: string }>(
      "POST",
      `/reviews/${review.review_id}/upvote`,
    );
    await expect
      .poll(
        async () => (await voter.call<{ state: string }>("GET", `/votes/${vote.vote_id}`)).state,
      )
      .toBe("counted");
    const page = await open(`/reviews/${review.review_id}`, { as: moderator });
    await page.getByRole("button", { name: /Vote up, 1/ }).waitFor();
    await page.getByRole("button", { name: "Void votes" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Vote’s id").fill(vote.vote_id);
    await dialog.getByLabel("Reason").fill("Bought.");
    await dialog.getByRole("button", { name: "Void", exact: true }).click();
    await dialog.getByText("1 counted vote was taken out of the count.").waitFor();
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: /Vote up, 0/ }).waitFor();
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await page.getByText("This review is not there any more.").waitFor();

    // The voter is told, with the reason.
    const mine = await open("/me", { as: voter });
    await mine.getByText("Voided", { exact: true }).waitFor();
    await mine.getByText("Bought.").waitFor();
    await expectAccessible(mine);
    await shoot(mine, "me-voided", true);
  });
});

describe("the ops page", () => {
  it("shows boxes, and lets dead letters be replayed and dropped", async () => {
    const page = await open("/", { as: inject("admin") });
    const letter = {
      dead_letter_id: "0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11",
      box: "votes.reviews",
      kind: "vote",
      reason: "refused",
      detail: "database refused: Out of range value",
      state: "open",
      arrivals: 1,
      size_bytes: 187,
      created_at: new Date().toISOString(),
      resolved_at: null,
    };
    // No vote of a sound site ends as one: the letters are the test's, the rest is the site's.
    const decided: string[] = [];
    await page.route("**/api/v1/dead-letters**", (route) => {
      const isOpen = decided.length === 0 && route.request().url().includes("state=open");
      return route.fulfill({ json: { items: isOpen ? [letter] : [], next_cursor: null } });
    });
    await page.route("**/api/v1/dead-letters/*/*", (route) => {
      const { pathname } = new URL(route.request().url());
      decided.push(pathname.split("/").at(-1) ?? "");
      if (decided.length > 1)
        return route.fulfill({ status: 202, json: { ...letter, state: "replayed" } });
      decided.length = 0;
      return route.fulfill({
        status: 409,
        contentType: "application/problem+json",
        json: { status: 409, code: "ballot_box_gone", detail: "Gone." },
      });
    });
    await page.goto("/ops");
    await page.getByRole("cell", { name: "votes.reviews" }).waitFor();
    await page.getByText("Good").first().waitFor();
    await expectAccessible(page);
    await shoot(page, "ops-letter", true);
    await page.getByRole("button", { name: "Replay", exact: true }).click();
    await page.getByText("Its campaign is drained or final").waitFor();
    await page.getByRole("button", { name: "Drop", exact: true }).click();
    await page.getByLabel("Why it is dropped").fill("Cast by a broken client.");
    decided.push("before");
    await page.getByRole("button", { name: "Drop", exact: true }).click();
    await page.getByText("None. Every vote could be settled.").waitFor();
    expect(decided).toEqual(["before", "drop"]);
  });
});
