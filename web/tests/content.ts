import { Caller, type Site } from "./site";

/** What tests look for; the demo's content has all of it, and more. */
const PLACES = ["Noodle Bar Kumo", "The Green Fork", "Spice Route"];
const CAMPAIGN = "Best kitchen in town";

/** Puts there what tests look for, on a site that was not started with the demo's content. */
export async function furnish({ url, admin }: Pick<Site, "url" | "admin">): Promise<void> {
  const operator = await Caller.signIn(url, admin.name, admin.password);
  const found = await operator.call<{ items: object[] }>("GET", "/restaurants?q=kumo");
  if (found.items.length > 0) return;
  const authors = await Promise.all(["a", "b", "c"].map((name) => Caller.signUp(url, name)));
  for (const name of PLACES) {
    const words = { name, address: "1 Test Street", description: "For tests." };
    const { restaurant_id } = await operator.call<{ restaurant_id: string }>(
      "POST",
      "/restaurants",
      words,
    );
    const path = `/restaurants/${restaurant_id}`;
    const { item_id } = await operator.call<{ item_id: string }>("POST", `${path}/items`, {
      name: "Soup",
      description: "Of the day.",
    });
    for (const [n, author] of authors.entries()) {
      const content = `What ${author.name} has to say of ${name}.`;
      await author.call("POST", `${path}/reviews`, { item_id, stars: 3 + n, content });
    }
  }
  const day = 24 * 3_600_000;
  await operator.call("POST", "/campaigns", {
    name: CAMPAIGN,
    starts_at: new Date(Date.now() - day).toISOString(),
    ends_at: new Date(Date.now() + 7 * day).toISOString(),
    time_zone: "UTC",
    free_daily_tickets: 10,
    ticket_expiry: { kind: "end_of_day" },
    max_tickets_per_vote: 10,
    channels: [{ key: "web", name: "Web" }],
    options: PLACES.map((name, n) => ({ key: `place-${n}`, name })),
  });
}
