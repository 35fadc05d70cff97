import { describe, expect, it } from "vitest";
import { Problem } from "../api/problem";
import { faultsOf, faultsWithin } from "./faults";

const problem = new Problem(422, "invalid_campaign", "3 fields are not valid.", {
  errors: [
    { field: "name", code: "invalid_length", detail: "Too long." },
    { field: "options[1].key", code: "duplicate_key", detail: "There already." },
    { field: "options", code: "invalid_count", detail: "Too many." },
    { field: 7 },
  ],
});

describe("faults of a campaign", () => {
  it("are said of their fields", () => {
    const faults = faultsOf(problem, (_, detail) => detail);
    expect(faults.get("name")).toBe("Too long.");
    expect(faultsWithin(faults, "options")).toBe("options[1].key: There already. Too many.");
    expect(faultsWithin(faults, "channels")).toBeUndefined();
  });

  it("are none of any other problem", () => {
    const say = (code: string) => code;
    expect(faultsOf(null, say).size).toBe(0);
    expect(faultsOf(new Problem(503, "overloaded", "", { errors: [] }), say).size).toBe(0);
  });
});
