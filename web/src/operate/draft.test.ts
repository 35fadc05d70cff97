import { describe, expect, it } from "vitest";
import type { Campaign } from "../campaigns/queries";
import { bodyOf, changesOf, draftOf, editOf, emptyDraft, optionsOf, outline } from "./draft";

const campaign: Campaign = {
  campaign_id: "c",
  name: "Song of the year",
  state: "scheduled",
  starts_at: "2026-05-01T18:00:00Z",
  ends_at: "2026-05-22T20:00:00Z",
  time_zone: "Europe/Berlin",
  free_daily_tickets: 3,
  ticket_expiry: { kind: "days", days: 7 },
  max_tickets_per_vote: 10,
  n_channels: 2,
  n_options: 2,
  version: 1,
  created_at: "2026-04-01T12:00:00Z",
  updated_at: "2026-04-01T12:00:00Z",
  channels: [
    { key: "web", name: "Web" },
    { key: "tv", name: "TV", daily_ticket_limit: 5, voter_kinds: ["jury", "member"] },
  ],
  options: [
    { key: "a", name: "First song", subject_kind: "song", subject_id: "17" },
    { key: "b", name: "Second song" },
  ],
};

describe("a campaign's draft", () => {
  it("goes to the form and back unchanged", () => {
    const body = bodyOf(draftOf(campaign));
    for (const [field, value] of Object.entries(body ?? {})) {
      expect(value, field).toEqual(campaign[field as keyof Campaign]);
    }
  });

  it("is none without its times", () => {
    expect(bodyOf({ ...draftOf(campaign), endsAt: "" })).toBeNull();
    expect(bodyOf({ ...draftOf(campaign), zone: "Mars/Base" })).toBeNull();
  });

  it("names only what was changed when it is sent as an edit", () => {
    const before = bodyOf(draftOf(campaign));
    const after = bodyOf({ ...draftOf(campaign), name: "Song of the century" });
    expect(before && after && editOf(before, after)).toEqual({ name: "Song of the century" });
  });

  it("tells what others have changed meanwhile, in the form's words", () => {
    const options = campaign.options.slice(0, 1);
    const after = { ...campaign, name: "Song of the century", options, version: 2 };
    expect(changesOf(campaign, after)).toEqual([
      { label: "name", value: "Song of the century" },
      { label: "options", value: null },
    ]);
    expect(changesOf(campaign, { ...campaign, version: 2 })).toEqual([]);
  });

  it("begins at the next full hour, for a week", () => {
    const draft = emptyDraft(Date.parse("2026-05-01T17:20:00Z"), "UTC");
    expect([draft.startsAt, draft.endsAt]).toEqual(["2026-05-01T18:00", "2026-05-08T18:00"]);
  });
});

describe("options", () => {
  it("are lines: a key and a name, or a name alone", () => {
    expect(optionsOf("a | First\n\n  Crème brûlée! \nx|Y|song|17")).toEqual([
      { key: "a", name: "First" },
      { key: "creme-brulee", name: "Crème brûlée!" },
      { key: "x", name: "Y", subject_kind: "song", subject_id: "17" },
    ]);
  });

  it("keep a name that no key can be made of, for the server to judge", () => {
    expect(optionsOf("拉面")).toEqual([{ key: "拉面", name: "拉面" }]);
  });
});

describe("the outline", () => {
  it("says how long it lasts, and what is free", () => {
    const body = bodyOf(draftOf(campaign));
    expect(body && outline(body)).toEqual({ days: 22, freeTickets: 66 });
  });
});
