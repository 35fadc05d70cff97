import { describe, expect, inject, it } from "vitest";
import { expectSound, open, shoot } from "./browser";
import { Caller } from "./site";

/** The most compressed JavaScript that the first page may load. */
const SCRIPT_BYTES_MAX = 200 * 1_024;

describe("the first load", () => {
  it("is under 200 KiB of compressed JavaScript", async () => {
    const page = await open("/restaurants");
    await page.waitForLoadState("networkidle");
    const scripts = await page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .filter(({ name }) => /\.js$/.test(new URL(name).pathname))
        .map((entry) => (entry as PerformanceResourceTiming).encodedBodySize),
    );
    const bytes = scripts.reduce((sum, size) => sum + size, 0);
    console.log(`${scripts.length} scripts, ${Math.round(bytes / 1_024)} KiB compressed`);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(SCRIPT_BYTES_MAX);
  });

  it("has a policy without exceptions, and files that are kept", async () => {
    const page = await fetch(`${inject("url")}/restaurants`, { headers: { accept: "text/html" } });
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toContain("unsafe");
    expect(page.headers.get("cache-control")).toBe("no-cache");
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text())?.[1];
    const asset = await fetch(`${inject("url")}${script}`);
    expect(asset.headers.get("cache-control")).toContain("immutable");
    const missing = await fetch(`${inject("url")}/api/v1/nothing`, {
      headers: { accept: "text/html" },
    });
    expect(missing.status).toBe(404);
    expect(missing.headers.get("content-type")).toContain("application/problem+json");
  });
});

describe("polling", () => {
  it("asks for all counts in one request, has 304 answered, and moves nothing", async () => {
    const url = inject("url");
    const { items } = (await (await fetch(`${url}/api/v1/restaurants?q=kumo`)).json()) as {
      items: { restaurant_id: string }[];
    };
    const page = await open(`/restaurants/${items[0]?.restaurant_id}`);
    const asked: { n: number; tagged: boolean }[] = [];
    page.on("request", async (request) => {
      if (!request.url().includes("/reviews/counts")) return;
      const ids = new URL(request.url()).searchParams.get("ids") ?? "";
      const headers = await request.allHeaders();
      asked.push({ n: ids.split(",").length, tagged: "if-none-match" in headers });
    });
    await page.getByRole("article").first().waitFor();
    await page.waitForLoadState("networkidle");
    await page.evaluate(() => {
      const seen = { shifts: 0 };
      (window as unknown as { seen: typeof seen }).seen = seen;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries())
          seen.shifts += (entry as unknown as { value: number }).value;
      }).observe({ type: "layout-shift", buffered: false });
    });
    asked.length = 0;
    // Votes of others come in meanwhile.
    const reviews = (await (
      await fetch(`${url}/api/v1/restaurants/${items[0]?.restaurant_id}/reviews`)
    ).json()) as { items: { review_id: string }[] };
    const voter = await Caller.signUp(url, "voter");
    for (const review of reviews.items.slice(0, 3)) {
      await voter.call("POST", `/reviews/${review.review_id}/upvote`);
    }
    await page.waitForTimeout(7_000);
    const shifts = await page.evaluate(
      () => (window as unknown as { seen: { shifts: number } }).seen.shifts,
    );
    expect(shifts).toBe(0);
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(asked.length).toBeLessThanOrEqual(5);
    expect(asked.every(({ tagged }) => tagged)).toBe(true);
    expect(new Set(asked.map(({ n }) => n))).toEqual(new Set([reviews.items.length]));
    expectSound(page);
  });

  it("stops while the tab is hidden", async () => {
    const page = await open("/campaigns");
    await page.waitForLoadState("networkidle");
    let n = 0;
    page.on("request", (request) => {
      if (request.url().includes("/api/")) n += 1;
    });
    await page.evaluate(() => {
      Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await page.waitForTimeout(7_000);
    expect(n).toBe(0);
  });
});

describe("without a network", () => {
  it("what is there stays, it says so, and a vote goes out once it is back", async () => {
    const url = inject("url");
    const voter = await Caller.signUp(url, "voter");
    const { items } = (await (await fetch(`${url}/api/v1/restaurants?q=green`)).json()) as {
      items: { restaurant_id: string }[];
    };
    const page = await open(`/restaurants/${items[0]?.restaurant_id}`, { as: voter });
    const card = page.getByRole("article").first();
    await card.getByRole("button", { name: /Vote up/ }).waitFor();
    await page.waitForLoadState("networkidle");
    await page.context().setOffline(true);
    await page.getByText("You are offline.").waitFor();
    await card.getByRole("button", { name: /Vote up/ }).click();
    await card.getByText("Waiting for the network").waitFor();
    await shoot(page, "offline");
    await page.context().setOffline(false);
    await card.getByText("Counted", { exact: true }).waitFor();
  });

  it("a page that cannot be loaded says so, and is tried again", async () => {
    const page = await open("/restaurants");
    await page.route("**/api/v1/campaigns?**", (route) => route.abort("connectionrefused"));
    await page.getByRole("link", { name: "Campaigns" }).click();
    await page.getByText("Tally cannot be reached.").waitFor();
    await shoot(page, "unreachable");
    await page.unroute("**/api/v1/campaigns?**");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "Best kitchen in town" }).waitFor();
  });
});

describe("keys alone", () => {
  it("lead from the top to a vote", async () => {
    const url = inject("url");
    const voter = await Caller.signUp(url, "voter");
    const { items } = (await (await fetch(`${url}/api/v1/restaurants?q=spice`)).json()) as {
      items: { restaurant_id: string }[];
    };
    const page = await open(`/restaurants/${items[0]?.restaurant_id}`, { as: voter });
    await page.getByRole("article").first().waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(
      "Skip to the content",
    );
    await page.keyboard.press("Enter");
    for (let n = 0; n < 40; n += 1) {
      await page.keyboard.press("Tab");
      const isThere = await page.evaluate(() =>
        document.activeElement?.classList.contains("vote-up"),
      );
      if (isThere) break;
    }
    await page.keyboard.press("Space");
    await page.getByText("Counted", { exact: true }).waitFor();
  });
});
