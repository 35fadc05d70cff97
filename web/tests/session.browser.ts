import type { Page } from "playwright-core";
import { describe, expect, inject, it } from "vitest";
import { expectAccessible, expectSound, open, openTab, shoot, signIn } from "./browser";
import { Caller, fresh, PASSWORD } from "./site";

const account = /^Account of/;
/** How long an access token lives by default, in seconds. */
const TOKEN_S = 900;

describe("an account", () => {
  it("is made, left and entered again", async () => {
    const name = fresh("newcomer");
    const page = await open("/restaurants");
    await page.getByRole("banner").getByRole("button", { name: "Sign in" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Create an account" }).click();
    await dialog.getByLabel("User name").fill("a b");
    await dialog.getByLabel("Password").fill("short");
    await dialog.getByRole("button", { name: "Create an account" }).click();
    await dialog.locator(".field-error").waitFor();
    await expectAccessible(page);
    await shoot(page, "sign-up");
    await dialog.getByLabel("User name").fill(name);
    await dialog.getByLabel("Password").fill(PASSWORD);
    await dialog.getByRole("button", { name: "Create an account" }).click();
    await page.getByRole("button", { name: account }).click();
    await page.getByText("3 of 3 votes left today").waitFor();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Sign out" }).click();
    await signIn(page, { name });
    await page.reload();
    await page.getByRole("button", { name: account }).waitFor();
    expectSound(page);
  });

  it("says when the password is wrong, and keeps the name", async () => {
    const page = await open("/restaurants");
    await page.getByRole("banner").getByRole("button", { name: "Sign in" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("User name").fill("demo");
    await dialog.getByLabel("Password").fill("not the password");
    await dialog.getByRole("button", { name: "Sign in" }).click();
    await dialog.getByText("There is no account with this name and password.").waitFor();
    expect(await dialog.getByLabel("User name").inputValue()).toBe("demo");
  });
});

describe("a session", () => {
  it("that is lost is entered again without losing what was typed, and the request goes on", async () => {
    const url = inject("url");
    const member = await Caller.signUp(url, "member");
    const items = await member.call<{ items: { item_id: string }[] }>(
      "GET",
      `/restaurants/${await somePlace(member)}/items`,
    );
    const page = await open(`/items/${items.items[0]?.item_id}`, { as: member });
    await page.getByRole("button", { name: "Write a review" }).click();
    await page.getByRole("radio", { name: "4 stars of 5" }).check();
    const content = `Typed before the session ended ${fresh("")}`;
    await page.getByLabel("Your review").fill(content);
    // Everywhere signed out; and the access token, which is not looked up, is refused once.
    await member.call("DELETE", "/sessions");
    let nRefused = 0;
    await page.route("**/api/v1/restaurants/*/reviews", (route) => {
      if (route.request().method() !== "POST" || nRefused > 0) return route.continue();
      nRefused += 1;
      return route.fulfill({
        status: 401,
        contentType: "application/problem+json",
        body: JSON.stringify({ status: 401, code: "unauthenticated", detail: "Expired." }),
      });
    });
    await page.getByRole("button", { name: "Publish" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Your session has ended.").waitFor();
    await shoot(page, "session-lost");
    await dialog.getByLabel("Password").fill(PASSWORD);
    await dialog.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("article").getByText(content).waitFor();
  });

  it("that is lost, then left: what waited is not sent in the name of who comes next", async () => {
    const url = inject("url");
    const member = await Caller.signUp(url, "member");
    const next = await Caller.signUp(url, "member");
    const path = `/restaurants/${await somePlace(member)}`;
    const { items } = await member.call<{ items: { item_id: string }[] }>("GET", `${path}/items`);
    const page = await open(`/items/${items[0]?.item_id}`, { as: member });
    await page.getByRole("button", { name: "Write a review" }).click();
    await page.getByRole("radio", { name: "4 stars of 5" }).check();
    const content = `Of one who left ${fresh("")}`;
    await page.getByLabel("Your review").fill(content);
    await member.call("DELETE", "/sessions");
    await page.route("**/api/v1/restaurants/*/reviews", (route) =>
      route.fulfill({
        status: 401,
        contentType: "application/problem+json",
        body: JSON.stringify({ status: 401, code: "unauthenticated", detail: "Expired." }),
      }),
    );
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("dialog").getByText("Your session has ended.").waitFor();
    await page.unroute("**/api/v1/restaurants/*/reviews");
    let nPosts = 0;
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().endsWith("/reviews")) nPosts += 1;
    });
    // In another tab the lost session is left, and somebody else comes.
    const tab = await openTab(page, "/me");
    await tab.evaluate(() => localStorage.removeItem("tally.member"));
    await page.getByText("You are not signed in.").waitFor();
    await tab.reload();
    await signIn(tab, next);
    await page.getByRole("button", { name: `Account of ${next.name}` }).waitFor();
    expect(nPosts).toBe(0);
    expect(await page.getByLabel("Your review").inputValue()).toBe(content);
  });

  it("is renewed before it ends, once for all tabs", async () => {
    const member = await Caller.signUp(inject("url"), "member");
    const page = await open("/me", { as: member });
    let nRenewals = 0;
    page.context().on("request", (request) => {
      if (request.url().endsWith("/sessions/refresh")) nRenewals += 1;
    });
    await page.context().clock.install();
    const tabs = [page, await openTab(page, "/me"), await openTab(page, "/campaigns")];
    await page.reload();
    for (const tab of tabs) await tab.getByRole("button", { name: account }).waitFor();
    for (let round = 1; round <= 3; round += 1) {
      await page.context().clock.fastForward((TOKEN_S - 20) * 1_000);
      await expect.poll(() => nRenewals).toBe(round);
      // Behind all who wait for their turn.
      await page.evaluate(() => navigator.locks.request("tally.session", () => undefined));
      expect(nRenewals).toBe(round);
    }
    for (const tab of tabs) {
      await tab.reload();
      await tab.getByRole("button", { name: account }).waitFor();
      expectSound(tab);
    }
    await page.getByText("Votes left today", { exact: true }).waitFor();
  });

  it("outlives reloads at any moment", async () => {
    const member = await Caller.signUp(inject("url"), "member");
    const page = await open("/me", { as: member });
    const tab = await openTab(page, "/me");
    for (let round = 0; round < 10; round += 1) {
      // The browser refuses a reload while it is putting a page in the place of another.
      const reload = (one: Page) => one.reload({ waitUntil: "commit" }).catch(() => undefined);
      await Promise.all([page, tab].map(reload));
    }
    for (const one of [page, tab]) {
      await one.getByText("Votes left today", { exact: true }).waitFor();
      expectSound(one);
    }
  });

  it("that was left while the page went away is ended at the next start", async () => {
    const member = await Caller.signUp(inject("url"), "member");
    const page = await open("/me", { as: member });
    await page.evaluate(() => localStorage.removeItem("tally.member"));
    const ended = page.waitForResponse(
      (response) => response.request().method() === "DELETE" && response.status() === 204,
    );
    await page.goto("/restaurants");
    await ended;
    expectSound(page);
  });

  it("ends at once, also while nobody answers, and then at the server", async () => {
    const member = await Caller.signUp(inject("url"), "member");
    const page = await open("/me", { as: member });
    let nEnds = 0;
    await page.route("**/api/v1/sessions", (route) => {
      nEnds += 1;
      return nEnds === 1 ? route.abort("connectionreset") : route.continue();
    });
    const ended = page.waitForResponse(
      (response) => response.request().method() === "DELETE" && response.status() === 204,
    );
    await page.getByRole("button", { name: account }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("Sign in to see this.").waitFor();
    await ended;
  });

  it("ends in all tabs", async () => {
    const member = await Caller.signUp(inject("url"), "member");
    const page = await open("/me", { as: member });
    const tab = await openTab(page, "/me");
    await tab.getByRole("button", { name: account }).click();
    await tab.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("Sign in to see this.").waitFor();
  });
});

describe("parts of the page that cannot be loaded", () => {
  it("leave a Chinese reader with English words, until there is a network", async () => {
    const page = await open("/", { locale: "en-GB" });
    await page.route("**/assets/zh-*.js", (route) => route.abort("internetdisconnected"));
    await page.evaluate(() => localStorage.setItem("tally.language", "zh"));
    await page.reload();
    await page.getByRole("heading", { name: "Restaurants", level: 1 }).waitFor();
    expectSound(page);
  });

  it("leave what is around them", async () => {
    const page = await open("/restaurants");
    await page.route("**/assets/CampaignsPage-*.js", (route) => route.abort("connectionreset"));
    await page.getByRole("link", { name: "Campaigns" }).click();
    await page.getByText("This page broke").waitFor();
    await page.getByRole("link", { name: "Restaurants" }).click();
    await page.getByRole("heading", { name: "Restaurants", level: 1 }).waitFor();
  });
});

describe("the menu", () => {
  it("switches colours and language, and both stay", async () => {
    const page = await open("/restaurants");
    const paper = () =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await paper();
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Dark" }).click();
    expect(await paper()).not.toBe(light);
    await page.getByRole("button", { name: "简体中文" }).click();
    await page.getByRole("heading", { name: "餐厅", level: 1 }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "餐厅", level: 1 }).waitFor();
    expect(await paper()).not.toBe(light);
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("zh-Hans");
    await shoot(page, "restaurants-zh-dark");
    await expectAccessible(page);
  });
});

async function somePlace(caller: Caller): Promise<string> {
  const page = await caller.call<{ items: { restaurant_id: string }[] }>("GET", "/restaurants");
  return page.items[0]?.restaurant_id ?? "";
}
