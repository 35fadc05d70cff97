import { describe, expect, inject, it } from "vitest";
import { open, PHONE, shoot } from "./browser";
import { Caller } from "./site";

/* Pictures of the demo with some life in it, for the README: with `TALLY_WEB_SHOTS=1` only. */

const FANS = ["amira", "bjorn", "chidi", "dolores", "emeka", "fumiko", "greta", "hassan"];
const demo = { name: "demo", password: "demo-password" };

describe.runIf(process.env.TALLY_WEB_SHOTS)("pictures", () => {
  it("of a restaurant and of a campaign", { timeout: 120_000 }, async () => {
    const url = inject("url");
    const caller = await Caller.signIn(url, demo.name, demo.password);
    const campaigns = await caller.call<{ items: { campaign_id: string; name: string }[] }>(
      "GET",
      "/campaigns?limit=100",
    );
    const id = campaigns.items.find(({ name }) => name === "Best kitchen in town")?.campaign_id;
    const { options } = await caller.call<{ options: { key: string }[] }>(
      "GET",
      `/campaigns/${id}`,
    );
    for (const [n, name] of FANS.entries()) {
      const fan = await Caller.signIn(url, name, demo.password);
      for (const [at, tickets] of [3 + (n % 6), 1 + (n % 4)].entries()) {
        const option = options[(n * (at + 1)) % options.length]?.key;
        await fan.call("POST", `/campaigns/${id}/votes`, { option, channel: "web", tickets });
      }
    }
    const places = await caller.call<{ items: { restaurant_id: string }[] }>(
      "GET",
      "/restaurants?q=kumo",
    );
    const path = `/restaurants/${places.items[0]?.restaurant_id}?sort=top`;
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open(path, {
        as: demo,
        colorScheme,
        viewport: { width: 1120, height: 800 },
      });
      const card = page.getByRole("article").first();
      await card.waitFor();
      if (colorScheme === "light") {
        await card.getByRole("button", { name: /Vote up/ }).click();
        await card.getByText("Counted", { exact: true }).waitFor();
      }
      // The heading of the reviews to the top, below what stands there anyhow.
      await page.getByRole("region", { name: "Reviews" }).evaluate((list) => {
        scrollTo(0, list.getBoundingClientRect().top + scrollY - 90);
      });
      await shoot(page, `picture-reviews-${colorScheme}`);
      await page.goto(`/campaigns/${id}`);
      await page.locator(".board > li").first().getByRole("button").click();
      await page.locator(".hours-chart canvas").waitFor();
      await page.waitForTimeout(500);
      await shoot(page, `picture-campaign-${colorScheme}`);
    }
    const phone = await open(`/campaigns/${id}`, {
      viewport: PHONE,
      as: demo,
      colorScheme: "dark",
    });
    await phone.locator(".board > li").first().waitFor();
    await shoot(phone, "picture-phone", true);
    expect(options.length).toBeGreaterThan(3);
  });
});
