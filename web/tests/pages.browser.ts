import { beforeAll, describe, expect, inject, it } from "vitest";
import {
  DESKTOP,
  expectAccessible,
  expectNoSideways,
  expectSound,
  NARROW,
  open,
  PHONE,
  shoot,
} from "./browser";
import { Caller } from "./site";

/* Every page, as it stands: accessible, within 320 pixels, and to be looked at. */
const looks = [
  { name: "desktop-light", viewport: DESKTOP, colorScheme: "light" },
  { name: "phone-dark", viewport: PHONE, colorScheme: "dark" },
] as const;

describe("pages", () => {
  const paths = new Map<string, string>();

  beforeAll(async () => {
    const url = inject("url");
    const admin = await Caller.signIn(url, inject("admin").name, inject("admin").password);
    const list = async (path: string) => {
      const page = await admin.call<{ items: Record<string, string>[] }>("GET", path);
      return page.items[0] ?? {};
    };
    const place = await list("/restaurants?q=kumo");
    const review = await list(`/restaurants/${place.restaurant_id}/reviews`);
    const campaign = await list("/campaigns");
    const path = `/campaigns/${campaign.campaign_id}`;
    paths.set("restaurants", "/restaurants");
    paths.set("restaurant", `/restaurants/${place.restaurant_id}`);
    paths.set("item", `/items/${review.item_id}`);
    paths.set("review", `/reviews/${review.review_id}`);
    paths.set("campaigns", "/campaigns");
    paths.set("campaign", path);
    paths.set("ledger", `${path}/ledger`);
    paths.set("me", "/me");
    paths.set("operate", "/operate");
    paths.set("editor", "/operate/campaigns/new");
    paths.set("edit", `/operate${path}/edit`);
    paths.set("tickets", `/operate/tickets?campaign=${campaign.campaign_id}`);
    paths.set("places", "/operate/places");
    paths.set("partners", "/operate/partners");
    paths.set("roles", "/operate/roles");
    paths.set("audit", "/operate/audit");
    paths.set("ops", "/ops");
    paths.set("missing", "/nothing/here");
  });

  it.each(looks)("are accessible: $name", { timeout: 180_000 }, async ({ name, ...look }) => {
    const page = await open("/", { ...look, as: inject("admin") });
    for (const [what, path] of paths) {
      await page.goto(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("networkidle");
      await expectAccessible(page);
      await shoot(page, `${what}-${name}`, true);
    }
    expectSound(page);
  });

  it("fit into 320 pixels", { timeout: 120_000 }, async () => {
    const page = await open("/", { viewport: NARROW, as: inject("admin") });
    for (const [what, path] of paths) {
      await page.goto(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("networkidle");
      await shoot(page, `${what}-narrow`, true);
      await expectNoSideways(page).catch((error) => {
        throw new Error(`${what}: ${error}`);
      });
    }
    expect(paths.size).toBeGreaterThan(10);
  });

  it("say what is missing, to who is signed out and to who may not", async () => {
    const page = await open("/me");
    await page.getByText("Sign in to see this.").waitFor();
    await expectAccessible(page);
    await page.goto("/operate");
    await page.getByText("Sign in to see this.").waitFor();
    const somebody = await Caller.signUp(inject("url"), "member");
    const member = await open("/operate", { as: somebody });
    await member.getByText("This is for members with the role “Operator” or more.").waitFor();
  });
});
