import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { setLanguage } from "../i18n";
import { LANGUAGE_NAMES, LANGUAGES, type Language } from "../i18n/language";
import { Choice } from "../ui/Field";
import { setTheme, THEMES, theme } from "../ui/theme";
import { signOut } from "./actions";
import { askToSignIn } from "./store";
import { useMe, useSession } from "./useSession";

/** Who is signed in, and how the page looks and speaks. */
export function AccountMenu() {
  const { t } = useTranslation();
  const { standing, userName } = useSession();
  const shownName = useMe().data?.user_name ?? userName ?? "";
  const [isOpen, setIsOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const isIn = standing === "in" || standing === "restoring";

  useEffect(() => {
    if (!isOpen) return;
    const close = (event: PointerEvent | FocusEvent) => {
      if (!box.current?.contains(event.target as Node)) setIsOpen(false);
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("focusin", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("focusin", close);
    };
  }, [isOpen]);

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== "Escape" || !isOpen) return;
    setIsOpen(false);
    button.current?.focus();
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes the menu from within.
    <div className="menu-box" ref={box} onKeyDown={onKeyDown}>
      {!isIn && (
        <button
          type="button"
          className="button button-main button-small"
          onClick={() => void askToSignIn().catch(() => undefined)}
        >
          {t("session.signIn")}
        </button>
      )}
      <button
        ref={button}
        type="button"
        className="button button-plain button-small"
        aria-expanded={isOpen}
        aria-label={isIn ? t("menu.ofMember", { name: shownName }) : t("menu.settings")}
        onClick={() => setIsOpen(!isOpen)}
      >
        {isIn ? shownName : <Sliders />}
        <span aria-hidden="true">▾</span>
      </button>
      {isOpen && <Menu isIn={isIn} close={() => setIsOpen(false)} />}
    </div>
  );
}

function Menu({ isIn, close }: { isIn: boolean; close: () => void }) {
  const { t, i18n } = useTranslation();
  const [shown, setShown] = useState(theme());
  return (
    <div className="menu">
      {isIn && <Standing />}
      <div className="stack stack-close">
        <span className="legend">{t("menu.theme")}</span>
        <Choice
          label={t("menu.theme")}
          value={shown}
          of={THEMES.map((name) => [name, t(`theme.${name}`)] as const)}
          choose={(name) => {
            setTheme(name);
            setShown(name);
          }}
        />
      </div>
      <div className="stack stack-close">
        <span className="legend">{t("menu.language")}</span>
        <Choice
          label={t("menu.language")}
          value={i18n.language as Language}
          of={LANGUAGES.map((name) => [name, LANGUAGE_NAMES[name]] as const)}
          choose={(name) => void setLanguage(name).catch(() => undefined)}
        />
      </div>
      {isIn && (
        <button
          type="button"
          className="button"
          onClick={() => {
            close();
            void signOut().catch(() => undefined);
          }}
        >
          {t("session.signOut")}
        </button>
      )}
    </div>
  );
}

function Standing() {
  const { t } = useTranslation();
  const me = useMe().data;
  if (!me) return null;
  const { remaining, limit } = me.votes;
  return (
    <div className="stack stack-close">
      <strong>{me.user_name}</strong>
      <span className="small soft">{t(`role.${me.role as "member"}`)}</span>
      <span className="small">{t("menu.votesLeft", { remaining, limit })}</span>
    </div>
  );
}

function Sliders() {
  return (
    <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
      <path
        d="M2 5h7M13 5h3M2 13h3M9 13h7M11 3v4M7 11v4"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
      />
    </svg>
  );
}
