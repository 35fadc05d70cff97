import { describe, expect, it } from "vitest";
import { isZone, toLocal, toMoment } from "./zone";

describe("a local time", () => {
  it("is a moment in its zone, in summer and in winter", () => {
    expect(toMoment("2026-05-01T20:00", "Europe/Berlin")).toBe("2026-05-01T18:00:00Z");
    expect(toMoment("2026-01-01T20:00", "Europe/Berlin")).toBe("2026-01-01T19:00:00Z");
    expect(toMoment("2026-05-01T20:00", "Asia/Kolkata")).toBe("2026-05-01T14:30:00Z");
    expect(toMoment("2026-05-01T20:00", "UTC")).toBe("2026-05-01T20:00:00Z");
  });

  it("is taken the first time where it comes twice, and later where clocks skip it", () => {
    expect(toMoment("2026-10-25T02:30", "Europe/Berlin")).toBe("2026-10-25T00:30:00Z");
    expect(toMoment("2026-03-29T02:30", "Europe/Berlin")).toBe("2026-03-29T01:30:00Z");
  });

  it("is what clocks there show", () => {
    expect(toLocal("2026-05-01T18:00:00Z", "Europe/Berlin")).toBe("2026-05-01T20:00");
    expect(toLocal("2026-05-01T18:00:09Z", "Europe/Berlin")).toBe("2026-05-01T20:00:09");
    for (const zone of ["America/St_Johns", "Pacific/Chatham", "UTC"]) {
      const at = "2026-07-14T03:15:00Z";
      expect(toMoment(toLocal(at, zone), zone)).toBe(at);
    }
  });

  it("is none where it cannot be read, or the zone is unknown", () => {
    expect(toMoment("", "UTC")).toBeNull();
    expect(toMoment("2026-05-01T20:00", "Mars/Base")).toBeNull();
    expect([isZone("Europe/Berlin"), isZone("Mars/Base"), isZone("")]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
