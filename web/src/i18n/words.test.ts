import { describe, expect, it } from "vitest";
import { en } from "./en";
import { languageFor } from "./language";
import { zh } from "./zh";

type Words = { readonly [key: string]: string | Words };

/** Keys with the plural forms of one phrase taken together: languages have different ones. */
function phrases(words: Words, before = ""): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [key, value] of Object.entries(words)) {
    const path = `${before}${key}`;
    if (typeof value === "string") {
      const phrase = path.replace(/_(?:zero|one|two|few|many|other)$/, "");
      found.set(phrase, [...(found.get(phrase) ?? []), value]);
    } else {
      for (const [inner, texts] of phrases(value, `${path}.`)) found.set(inner, texts);
    }
  }
  return found;
}

const blanks = (text: string) => [...text.matchAll(/\{\{(\w+)/g)].map(([, name]) => name).sort();

describe("words", () => {
  const [english, chinese] = [phrases(en), phrases(zh)];

  it("are the same in both languages", () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it("have the same blanks to fill in, and none is empty", () => {
    for (const [phrase, texts] of english) {
      const wanted = blanks(texts.at(-1) ?? "");
      for (const text of chinese.get(phrase) ?? []) {
        expect(blanks(text), phrase).toEqual(wanted);
        expect(text.trim(), phrase).not.toBe("");
      }
    }
  });
});

describe("the language", () => {
  it("is the first that the browser wants and there is", () => {
    expect(languageFor(["fr-FR", "zh-CN", "en"])).toBe("zh");
    expect(languageFor(["en-GB", "zh"])).toBe("en");
    expect(languageFor(["fr"])).toBe("en");
    expect(languageFor([])).toBe("en");
  });
});
