import type { Page } from "playwright-core";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { expectAccessible, expectSound, open, PHONE, shoot } from "./browser";
import { Caller, fresh } from "./site";

interface Campaign {
  campaign_id: string;
  name: string;
}

let operator: Caller;

beforeAll(async () => {
  const { name, password } = inject("admin");
  operator = await Caller.signIn(inject("url"), name, password);
});

const NAMES = ["First song", "Second song", "Third song"];

/** A campaign that opened just now, and ends in `seconds`. */
function campaign(seconds: number): Promise<Campaign> {
  const now = Date.now();
  const at = (ms: number) => new Date(ms).toISOString();
  return operator.call("POST", "/campaigns", {
    name: fresh("Songs"),
    starts_at: at(now - 3_600_000),
    ends_at: at(now + seconds * 1_000),
    time_zone: "Europe/Berlin",
    free_daily_tickets: 20,
    ticket_expiry: { kind: "campaign_end" },
    max_tickets_per_vote: 10,
    channels: [
      { key: "web", name: "Web" },
      { key: "jury", name: "Jury", voter_kinds: ["jury"] },
    ],
    options: NAMES.map((name, at) => ({ key: `song-${at + 1}`, name })),
  });
}

const spend = (voter: Caller, of: Campaign, option: string, tickets: number) =>
  voter.call<{ vote_id: string }>("POST", `/campaigns/${of.campaign_id}/votes`, {
    option,
    channel: "web",
    tickets,
  });

/** The board's options in their order, each with its tickets. */
const board = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll(".board > li")].map((row) => [
      row.querySelector(".board-name")?.textContent,
      Number.parseInt(row.querySelector(".board-votes")?.firstChild?.textContent ?? "", 10),
    ]),
  );

async function balance(page: Page): Promise<number> {
  return Number(await page.locator("[data-balance]").getAttribute("data-balance"));
}

describe("a campaign", () => {
  it("takes tickets from the wallet to the board, the fans and the ledger", async () => {
    const songs = await campaign(3_600);
    const fan = await Caller.signUp(inject("url"), "fan");
    const page = await open(`/campaigns/${songs.campaign_id}`, {
      as: fan,
      timezoneId: "Asia/Tokyo",
    });
    await page.getByText("for you)").first().waitFor();
    const before = await balance(page);
    expect(before).toBeGreaterThanOrEqual(20);

    await page.getByRole("button", { name: /Second song/ }).click();
    await expect.poll(() => page.getByLabel("For", { exact: true }).inputValue()).toBe("song-2");
    await page.getByLabel("Tickets", { exact: true }).fill("7");
    await page.getByRole("button", { name: "Give 7 tickets" }).click();
    await page.getByText("7 tickets for Second song").waitFor();
    await page.getByText("Counted", { exact: true }).waitFor();
    await expect.poll(() => balance(page)).toBe(before - 7);
    await expect
      .poll(() => board(page))
      .toEqual([
        ["Second song", 7],
        ["First song", 0],
        ["Third song", 0],
      ]);
    await page.getByText("You are fan number 1, with 7 tickets.").waitFor();
    await page.locator(".hours-chart canvas").waitFor();
    await page.getByText("As a table").click();
    await page.getByRole("cell", { name: "7", exact: true }).waitFor();
    await expectAccessible(page);
    await shoot(page, "campaign-voted", true);

    await page.getByRole("link", { name: "My ledger" }).click();
    await page.getByText("Vote for Second song (Web)").waitFor();
    await page.getByText("Free tickets of the day").first().waitFor();
    await expectAccessible(page);
    expectSound(page);
  });

  it("shows at once what others do, and how ranks change", async () => {
    const songs = await campaign(3_600);
    const [one, two] = [
      await Caller.signUp(inject("url"), "fan"),
      await Caller.signUp(inject("url"), "fan"),
    ];
    await spend(one, songs, "song-1", 3);
    // Where all are equal, all are first: who sees that first sees others lose a rank, and the
    // third song come back to where it was.
    await expect
      .poll(async () => {
        const path = `/campaigns/${songs.campaign_id}/board`;
        return (await one.call<{ options: { votes: number }[] }>("GET", path)).options[0]?.votes;
      })
      .toBe(3);
    const page = await open(`/campaigns/${songs.campaign_id}`, { viewport: PHONE });
    await expect
      .poll(() => board(page))
      .toEqual([
        ["First song", 3],
        ["Second song", 0],
        ["Third song", 0],
      ]);
    await spend(two, songs, "song-3", 9);
    await expect
      .poll(() => board(page), { timeout: 10_000 })
      .toEqual([
        ["Third song", 9],
        ["First song", 3],
        ["Second song", 0],
      ]);
    const moved = page.locator(".board > li").first().locator(".board-up");
    await moved.waitFor();
    expect(await moved.textContent()).toContain("1");
    await page.getByRole("button", { name: "Jury" }).click();
    await expect.poll(async () => (await board(page)).map(([, votes]) => votes)).toEqual([0, 0, 0]);
  });

  it("takes a vote once where it is clicked twice", async () => {
    const songs = await campaign(3_600);
    const fan = await Caller.signUp(inject("url"), "fan");
    const page = await open(`/campaigns/${songs.campaign_id}?option=song-1`, { as: fan });
    const before = await balance(page);
    await page.getByRole("button", { name: "Give 1 ticket" }).dblclick({ delay: 100 });
    await page.getByText("Counted", { exact: true }).waitFor();
    await expect.poll(() => balance(page)).toBe(before - 1);
    const wallet = await fan.call<{ balance: number }>(
      "GET",
      `/campaigns/${songs.campaign_id}/wallet`,
    );
    expect(wallet.balance).toBe(before - 1);
  });

  it("says why a vote was not taken", async () => {
    const songs = await campaign(3_600);
    const fan = await Caller.signUp(inject("url"), "fan");
    const page = await open(`/campaigns/${songs.campaign_id}?option=song-1`, { as: fan });
    await balance(page);
    // Spent elsewhere meanwhile: the page does not know yet.
    const wallet = await fan.call<{ balance: number }>(
      "GET",
      `/campaigns/${songs.campaign_id}/wallet`,
    );
    await page.route("**/wallet", (route) =>
      route.fulfill({ json: { balance: wallet.balance, lots: [] } }),
    );
    for (let left = wallet.balance; left > 0; left -= 10) {
      await spend(fan, songs, "song-2", Math.min(10, left));
    }
    await page.getByRole("button", { name: "Give 1 ticket" }).click();
    await page.getByText("You have fewer tickets than that.").waitFor();
  });

  it("closes before one’s eyes, and its result can be checked", { timeout: 90_000 }, async () => {
    const songs = await campaign(8);
    const fan = await Caller.signUp(inject("url"), "fan");
    await spend(fan, songs, "song-2", 5);
    const page = await open(`/campaigns/${songs.campaign_id}`, { as: fan });
    await page.getByText("Ends in").waitFor();
    await page.getByText("Voting is over.").waitFor({ timeout: 20_000 });
    await shoot(page, "campaign-closing");
    await page.getByRole("heading", { name: "Final result" }).waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Compute the digest here" }).click();
    await page.getByText("The digest is right.").waitFor();
    await expectAccessible(page);
    await shoot(page, "campaign-final", true);
  });
});

describe("operators", () => {
  it("create a campaign with a preview, and edit it", async () => {
    const page = await open("/operate", { as: inject("admin") });
    await page.getByRole("link", { name: "New campaign" }).click();
    const name = fresh("Dishes");
    await page.getByLabel("Name", { exact: true }).first().fill(name);
    await page.getByLabel("Time zone").fill("Europe/Berlin");
    await page.getByLabel("Opens").fill("2027-05-01T20:00");
    await page.getByLabel("Ends").fill("2027-05-08T20:00");
    await page.getByLabel("Options").fill("ramen | Ramen\nGyoza");
    const preview = page.getByRole("complementary", { name: "Preview" });
    await preview.getByText(name).waitFor();
    await preview.getByText("3 a day for 7 days: 21 in all").waitFor();
    await preview.getByText("2 options").waitFor();
    await page.getByRole("button", { name: "Add a channel" }).click();
    await page.getByLabel("Key").nth(1).fill("web");
    await page.getByLabel("Name", { exact: true }).nth(2).fill("Twice");
    await page.getByRole("button", { name: "Create the campaign" }).click();
    // What the server finds is said at the field that it is about.
    await page.getByText("The key web is there already.").waitFor();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Remove" }).nth(1).click();
    await page.getByRole("button", { name: "Create the campaign" }).click();
    await page.getByRole("heading", { name, level: 1 }).waitFor();
    await page.getByText(/1 May 2027.*20:00/).waitFor();

    await page.getByRole("link", { name: "Edit" }).click();
    await page.getByLabel("Name", { exact: true }).first().fill(`${name} again`);
    // Somebody else was quicker.
    const campaignId = page.url().split("/").at(-2) ?? "";
    const { version } = await operator.call<{ version: number }>("GET", `/campaigns/${campaignId}`);
    await operator.call(
      "PATCH",
      `/campaigns/${campaignId}`,
      { free_daily_tickets: 4 },
      { "If-Match": `"${version}"` },
    );
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText(/was changed since you opened it: Free tickets each day “4”/).waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: `${name} again`, level: 1 }).waitFor();
    const edited = await operator.call<{ free_daily_tickets: number }>(
      "GET",
      `/campaigns/${campaignId}`,
    );
    expect(edited.free_daily_tickets).toBe(4);
    expectSound(page);
  });

  it("grant tickets once, and void votes", async () => {
    const songs = await campaign(3_600);
    const fan = await Caller.signUp(inject("url"), "fan");
    const me = await fan.call<{ user_id: string }>("GET", "/me");
    const wallet = `/campaigns/${songs.campaign_id}/wallet`;
    const held = async () => (await fan.call<{ balance: number }>("GET", wallet)).balance;
    const before = await held();
    const page = await open(`/operate/tickets?campaign=${songs.campaign_id}`, {
      as: inject("admin"),
    });
    const grant = page.getByRole("form", { name: "Grant tickets" });
    await grant.getByLabel("Voter’s id").fill(me.user_id);
    await grant.getByLabel("Tickets").fill("5");
    await grant.getByLabel("Reason").fill("Bought five.");
    // The answer is lost; pressing again is the same grant.
    let n = 0;
    await page.route("**/grants", async (route) => {
      n += 1;
      if (n > 1) return route.continue();
      await route.fetch();
      return route.abort("connectionreset");
    });
    await grant.getByRole("button", { name: "Grant" }).click();
    await grant.getByText("Tally cannot be reached.").waitFor();
    await grant.getByRole("button", { name: "Grant" }).click();
    await grant.getByText("Granted; the tickets are in the wallet.").waitFor();
    expect(await held()).toBe(before + 5);

    const vote = await spend(fan, songs, "song-1", 4);
    await expect
      .poll(async () => (await fan.call<{ state: string }>("GET", `/votes/${vote.vote_id}`)).state)
      .toBe("counted");
    const form = page.getByRole("region", { name: "Void votes" });
    await form.getByLabel("Vote’s id").fill(vote.vote_id);
    await form.getByLabel("Reason").fill("By a machine.");
    await form.getByRole("button", { name: "Void", exact: true }).click();
    await form.getByText("1 counted vote was taken out of the count.").waitFor();
    expect(await held()).toBe(before + 5);
    await form.getByRole("button", { name: "All of a voter" }).click();
    await expectAccessible(page);
    await shoot(page, "tickets-done", true);
  });
});
