import type { Page } from "playwright-core";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { expectSound, open, shoot, signIn } from "./browser";
import { Caller, fresh, PASSWORD } from "./site";

interface Review {
  review_id: string;
  restaurant_id: string;
  item_id: string;
  up: number;
}

/** A restaurant of our own, so that nobody else's votes are in the way. */
let place: { restaurant_id: string; name: string };
let item: { item_id: string };
let author: Caller;

beforeAll(async () => {
  const url = inject("url");
  const admin = await Caller.signIn(url, inject("admin").name, inject("admin").password);
  const words = { name: fresh("Kitchen"), address: "1 Test Street", description: "For tests." };
  place = await admin.call("POST", "/restaurants", words);
  item = await admin.call("POST", `/restaurants/${place.restaurant_id}/items`, {
    name: "Soup",
    description: "Hot.",
  });
  author = await Caller.signUp(url, "author");
});

const write = (content: string) =>
  author.call<Review>("POST", `/restaurants/${place.restaurant_id}/reviews`, {
    item_id: item.item_id,
    stars: 4,
    content,
  });

const up = (page: Page) => page.getByRole("button", { name: /^(Vote up|投赞成票)/ });
const down = (page: Page) => page.getByRole("button", { name: /^(Vote down|投反对票)/ });

async function expectCounts(page: Page, nUp: number, nDown: number): Promise<void> {
  await page.waitForFunction(
    ([wantedUp, wantedDown]) => {
      const counts = [...document.querySelectorAll(".vote-count")].map((one) => one.textContent);
      return counts[0] === String(wantedUp) && counts[1] === String(wantedDown);
    },
    [nUp, nDown],
  );
}

const counted = async (reviewId: string) => {
  const review = await author.call<{ up: number; down: number }>("GET", `/reviews/${reviewId}`);
  return [review.up, review.down];
};

describe.each([
  { language: "English", locale: "en-GB", words: { counted: "Counted", voted: "Vote" } },
  { language: "Chinese", locale: "zh-CN", words: { counted: "已计票", voted: "票" } },
])("a vote, in $language", ({ locale, words }) => {
  it("shows at once, is counted, changes sides and is taken back", async () => {
    const review = await write(`To be voted on (${locale})`);
    const voter = await Caller.signUp(inject("url"), "voter");
    const page = await open(`/reviews/${review.review_id}`, { locale, as: voter });
    await expectCounts(page, 0, 0);

    await up(page).click();
    // Before any answer: the vote is laid over the counts in the same turn.
    await expectCounts(page, 1, 0);
    await page.getByText(words.counted, { exact: true }).waitFor();
    expect(await counted(review.review_id)).toEqual([1, 0]);
    expect(await up(page).getAttribute("aria-pressed")).toBe("true");
    await shoot(page, `vote-counted-${locale}`);

    await down(page).click();
    await expectCounts(page, 0, 1);
    await page.getByText(words.counted, { exact: true }).waitFor();
    await expect.poll(() => counted(review.review_id)).toEqual([0, 1]);

    await down(page).click();
    await expectCounts(page, 0, 0);
    await expect.poll(() => counted(review.review_id)).toEqual([0, 0]);
    await page.reload();
    await expectCounts(page, 0, 0);
    expectSound(page);
  });
});

describe("a vote", () => {
  it("is one, whatever of its requests is lost or repeated", async () => {
    const review = await write("On a bad line");
    const voter = await Caller.signUp(inject("url"), "voter");
    const page = await open(`/reviews/${review.review_id}`, { as: voter });
    const keys: (string | undefined)[] = [];
    await page.route("**/api/v1/votes", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      keys.push(route.request().headers()["idempotency-key"]);
      // The first is taken and its answer lost; the second meets a queue that is away.
      if (keys.length === 1) {
        await route.fetch();
        return route.abort("connectionreset");
      }
      if (keys.length === 2)
        return route.fulfill({ ...unavailable, headers: { "retry-after": "1" } });
      return route.continue();
    });
    await up(page).click();
    await expectCounts(page, 1, 0);
    await page.getByText("Not answered yet.").first().waitFor();
    await page.getByText("Counted", { exact: true }).waitFor();
    expect(new Set(keys).size).toBe(1);
    expect(keys.length).toBe(3);
    expect(await counted(review.review_id)).toEqual([1, 0]);
    const me = await voter.call<{ votes: { used: number } }>("GET", "/me");
    expect(me.votes.used).toBe(1);
  });

  it("is one where it is clicked twice at once, or a key is held down", async () => {
    const review = await write("In a hurry");
    const voter = await Caller.signUp(inject("url"), "voter");
    const page = await open(`/reviews/${review.review_id}`, { as: voter });
    let nVotes = 0;
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().endsWith("/votes")) nVotes += 1;
    });
    await up(page).dblclick({ delay: 100 });
    await page.getByText("Counted", { exact: true }).waitFor();
    expect(nVotes).toBe(1);
    await expectCounts(page, 1, 0);
    await down(page).focus();
    // Each that comes before the key is let go is a repetition.
    for (let n = 0; n < 5; n += 1) {
      await page.keyboard.down("Enter");
      await page.waitForTimeout(50);
    }
    await page.keyboard.up("Enter");
    await expectCounts(page, 0, 1);
    await expect.poll(() => counted(review.review_id)).toEqual([0, 1]);
    expect(nVotes).toBe(2);
  });

  it("that something on the way broke off may count, and is sent again as it is", async () => {
    const review = await write("Behind a gateway that is away");
    const voter = await Caller.signUp(inject("url"), "voter");
    const page = await open(`/reviews/${review.review_id}`, { as: voter });
    const keys = new Set<string | undefined>();
    await page.route("**/api/v1/votes", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      keys.add(route.request().headers()["idempotency-key"]);
      await route.fetch();
      const problem = { status: 503, code: "unavailable", detail: "Away." };
      return route.fulfill({
        status: 503,
        contentType: "application/problem+json",
        headers: { "retry-after": "5" },
        body: JSON.stringify(problem),
      });
    });
    await up(page).click();
    await page.getByText(/Sending again in/).waitFor();
    await page.getByRole("button", { name: "Give up" }).click();
    await page.getByText("It may be counted nevertheless.").waitFor();
    await page.unroute("**/api/v1/votes");
    await page.reload();
    // What may count is still there to be sent again.
    await page.getByRole("button", { name: "Send again" }).click();
    await page.getByText("Counted", { exact: true }).waitFor();
    expect(keys.size).toBe(1);
    expect(await counted(review.review_id)).toEqual([1, 0]);
  });

  it("is never shown as done when it failed, and can be given up", async () => {
    const review = await write("While the queue is away");
    const voter = await Caller.signUp(inject("url"), "voter");
    const page = await open(`/reviews/${review.review_id}`, { as: voter });
    await page.route("**/api/v1/votes", (route) =>
      route.request().method() === "POST"
        ? route.fulfill({ ...unavailable, headers: { "retry-after": "5" } })
        : route.continue(),
    );
    await up(page).click();
    await page.getByText(/Sending again in/).waitFor();
    await shoot(page, "vote-waiting");
    await page.getByRole("button", { name: "Give up" }).click();
    await page.getByText("Given up.").waitFor();
    await expectCounts(page, 0, 0);
    expect(await up(page).getAttribute("aria-pressed")).toBe("false");
    expect(await page.getByText("It may be counted nevertheless.").count()).toBe(0);

    // The same intent, once more.
    await page.unroute("**/api/v1/votes");
    await page.getByRole("button", { name: "Send again" }).click();
    await page.getByText("Counted", { exact: true }).waitFor();
    await expectCounts(page, 1, 0);
  });

  it("goes on after the page was loaded anew", async () => {
    const review = await write("Left too early");
    const voter = await Caller.signUp(inject("url"), "voter");
    const page = await open(`/reviews/${review.review_id}`, { as: voter });
    await page.route("**/api/v1/votes", (route) => route.abort("connectionrefused"));
    await up(page).click();
    await page.getByText("Not answered yet.").first().waitFor();
    await page.unroute("**/api/v1/votes");
    await page.reload();
    await expect.poll(() => counted(review.review_id)).toEqual([1, 0]);
    await expectCounts(page, 1, 0);
  });

  it("says why it cannot be cast: signed out, one's own review, the day's votes used", async () => {
    const reviews = [];
    for (const n of [1, 2, 3, 4]) reviews.push(await write(`Number ${n}`));
    const first = reviews[0]?.review_id;
    const page = await open(`/reviews/${first}`);
    const why = page.getByRole("button", { name: "Sign in to vote" });
    await why.waitFor();
    expect(await up(page).getAttribute("aria-disabled")).toBe("true");
    await why.click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await signIn(page, author);
    await page.getByText("This is your own review").waitFor();

    const voter = await Caller.signUp(inject("url"), "voter");
    for (const review of reviews.slice(1)) {
      await voter.call("POST", `/reviews/${review.review_id}/upvote`);
    }
    const spent = await open(`/reviews/${first}`, { as: voter });
    await spent.getByText("Today’s votes are used. More in").waitFor();
    expect(await spent.getByRole("timer").count()).toBeGreaterThan(0);
    expect(await up(spent).getAttribute("aria-disabled")).toBe("true");
    await up(spent).click({ force: true });
    await expectCounts(spent, 0, 0);
    await shoot(spent, "quota-used");
    // Taking a vote back costs nothing.
    await spent.goto(`/reviews/${reviews[1]?.review_id}`);
    await expectCounts(spent, 1, 0);
    expect(await up(spent).getAttribute("aria-disabled")).toBe("false");
    await up(spent).click();
    await expectCounts(spent, 0, 0);
  });

  it("says that its state is unknown while it is, and why it was rejected", async () => {
    const [unknown, rejected] = [await write("In doubt"), await write("Too late")];
    const voter = await Caller.signUp(inject("url"), "voter");
    const page = await open(`/reviews/${unknown.review_id}`, { as: voter });
    // No sound site answers so: the answers are the test's.
    await page.route("**/api/v1/votes?**", (route) => route.fulfill({ json: { items: [] } }));
    await page.route("**/api/v1/votes/*", (route) =>
      route.fulfill({
        status: 503,
        contentType: "application/problem+json",
        json: { status: 503, code: "vote_state_unknown", detail: "Lost." },
      }),
    );
    await up(page).click();
    await page.getByText("just now nobody can say").waitFor();
    expect(await up(page).getAttribute("aria-pressed")).toBe("true");
    await page.unroute("**/api/v1/votes/*");
    await page.unroute("**/api/v1/votes?**");
    await page.getByText("Counted", { exact: true }).waitFor({ timeout: 25_000 });

    await page.goto(`/reviews/${rejected.review_id}`);
    await page.route("**/api/v1/votes?**", (route) => {
      const ids = new URL(route.request().url()).searchParams.get("ids") ?? "";
      const state = { state: "rejected", reason: "daily_quota_used", superseded_by: null };
      return route.fulfill({
        json: { items: ids.split(",").map((id) => ({ vote_id: id, ...state })) },
      });
    });
    await down(page).click();
    await page
      .getByText("Not counted: the day’s votes had been used by others of yours.")
      .waitFor();
    await shoot(page, "vote-rejected");
  });

  it("of others shows without a reload", async () => {
    const review = await write("Watched");
    const page = await open(`/reviews/${review.review_id}`);
    await expectCounts(page, 0, 0);
    const other = await Caller.signUp(inject("url"), "other");
    await other.call("POST", `/reviews/${review.review_id}/downvote`);
    await expectCounts(page, 0, 1);
  });
});

const unavailable = {
  status: 503,
  contentType: "application/problem+json",
  body: JSON.stringify({
    type: "about:blank",
    title: "Service Unavailable",
    status: 503,
    detail: "The queue cannot be reached; nothing was cast.",
    code: "queue_unavailable",
  }),
};

describe("reviews", () => {
  it("are found from the search on, sorted, and read one by one", async () => {
    await write("The one to be found");
    const page = await open("/restaurants");
    await page.getByRole("searchbox").fill(place.name.toUpperCase());
    await page.getByRole("link", { name: place.name }).click();
    await page.getByRole("heading", { name: place.name }).waitFor();
    await page.getByRole("button", { name: "Top" }).click();
    await page.waitForURL(/sort=top/);
    await page.getByText("The one to be found").waitFor();
    await page.getByRole("link", { name: "Soup" }).first().click();
    await page.getByRole("heading", { name: "Soup", level: 1 }).waitFor();
    await page.goto("/restaurants?q=nobody-has-this-name");
    await page.getByText("No restaurant has “nobody-has-this-name” in its name.").waitFor();
    expectSound(page);
  });

  it("are written, edited and removed by their author", async () => {
    const writer = await Caller.signUp(inject("url"), "writer");
    const page = await open(`/items/${item.item_id}`, { as: writer });
    await page.getByRole("button", { name: "Write a review" }).click();
    await page.getByRole("radio", { name: "5 stars of 5" }).check();
    await page.getByLabel("Your review").fill("Written in a browser");
    await page.getByRole("button", { name: "Publish" }).click();
    const card = page.getByRole("article").filter({ hasText: "Written in a browser" });
    await card.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Your review").fill("Edited in a browser");
    await page.getByRole("button", { name: "Save" }).click();
    const edited = page.getByRole("article").filter({ hasText: "Edited in a browser" });
    await edited.getByText("edited", { exact: false }).first().waitFor();
    await edited.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await edited.waitFor({ state: "detached" });
  });

  it("are there once, also where the answer was lost", async () => {
    const writer = await Caller.signUp(inject("url"), "writer");
    const page = await open(`/items/${item.item_id}`, { as: writer });
    const content = `Sent twice ${fresh("")}`;
    await page.getByRole("button", { name: "Write a review" }).click();
    await page.getByRole("radio", { name: "5 stars of 5" }).check();
    await page.getByLabel("Your review").fill(content);
    let nPosts = 0;
    await page.route("**/api/v1/restaurants/*/reviews", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      nPosts += 1;
      await route.fetch();
      return route.abort("connectionreset");
    });
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("Tally cannot be reached.").waitFor();
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("article").getByText(content).waitFor();
    expect(nPosts).toBe(1);
    expect(await page.getByRole("article").getByText(content).count()).toBe(1);
    // Where the form was, the focus is.
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Write a review");
  });

  it("that are being edited stay so where a lost session is not entered again", async () => {
    const writer = await Caller.signUp(inject("url"), "writer");
    const path = `/restaurants/${place.restaurant_id}/reviews`;
    const body = { item_id: item.item_id, stars: 2, content: "To be edited" };
    const review = await writer.call<Review>("POST", path, body);
    const page = await open(`/reviews/${review.review_id}`, { as: writer });
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Your review").fill("Typed for long");
    await writer.call("DELETE", "/sessions");
    await page.route("**/api/v1/reviews/*", (route) =>
      route.request().method() === "PATCH"
        ? route.fulfill({
            status: 401,
            contentType: "application/problem+json",
            body: JSON.stringify({ status: 401, code: "unauthenticated", detail: "Expired." }),
          })
        : route.continue(),
    );
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Your session has ended.").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByText("You are not signed in.").waitFor();
    expect(await page.getByLabel("Your review").inputValue()).toBe("Typed for long");
  });

  it("that were changed elsewhere show both versions", async () => {
    const writer = await Caller.signUp(inject("url"), "writer");
    const review = await writer.call<Review>(
      "POST",
      `/restaurants/${place.restaurant_id}/reviews`,
      {
        item_id: item.item_id,
        stars: 3,
        content: "As it was",
      },
    );
    const page = await open(`/reviews/${review.review_id}`, { as: writer });
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Your review").fill("As I want it");
    const header = { "if-match": '"1"' };
    const path = `/reviews/${review.review_id}`;
    await writer.call("PATCH", path, { content: "As it was saved elsewhere" }, header);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("As it was saved elsewhere").waitFor();
    expect(await page.getByLabel("Your review").inputValue()).toBe("As I want it");
    await shoot(page, "stale-edit");
    await page.getByRole("button", { name: "Save mine in its place" }).click();
    await page.getByRole("article").getByText("As I want it").waitFor();
  });
});

describe("a password", () => {
  it("stays out of storage", async () => {
    const voter = await Caller.signUp(inject("url"), "voter");
    const page = await open("/", { as: voter });
    const stored = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
    );
    expect(stored).not.toContain(PASSWORD);
    expect(stored).not.toContain("eyJ");
  });
});
