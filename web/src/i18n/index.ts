import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { en } from "./en";
import { LANGUAGES, type Language, languageFor } from "./language";

const KEY = "tally.language";

/** Words of a language; English is there at once, others are loaded when they are wanted. */
async function load(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(language, "translation")) return;
  if (language === "zh") {
    const { zh } = await import("./zh");
    i18next.addResourceBundle("zh", "translation", zh);
  }
}

async function show(language: Language): Promise<void> {
  await load(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language === "zh" ? "zh-Hans" : language;
}

/** Shows everything in `language`, and remembers it. Fails where its words cannot be loaded. */
export async function setLanguage(language: Language): Promise<void> {
  await show(language);
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Then it is chosen anew the next time.
  }
}

function remembered(): Language | null {
  try {
    return LANGUAGES.find((language) => language === localStorage.getItem(KEY)) ?? null;
  } catch {
    return null;
  }
}

/** Makes words ready, in the chosen language or the one that the browser prefers. */
export async function startWords(): Promise<void> {
  const language = remembered() ?? languageFor(navigator.languages);
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: en } },
    // React escapes.
    interpolation: { escapeValue: false },
  });
  // Without its words, in English until there is a network.
  await show(language).catch(() => {
    addEventListener("online", () => void show(language).catch(() => {}), { once: true });
  });
}
