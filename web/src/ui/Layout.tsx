import { onlineManager } from "@tanstack/react-query";
import { Suspense, useEffect, useRef, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Link, NavLink, Outlet, useLocation, useNavigationType } from "react-router";
import { AccountMenu } from "../session/AccountMenu";
import { SignInDialog } from "../session/SignInDialog";
import { useMay, useSession } from "../session/useSession";
import { Loading } from "./states";
import "./base.css";
import "./ui.css";
import "./layout.css";

/** What every page stands in. */
export function Layout() {
  const { t } = useTranslation();
  const main = useRef<HTMLElement>(null);
  useFocusOnNewPage(main);
  return (
    <div className="shell">
      <a className="button skip" href="#main">
        {t("layout.skip")}
      </a>
      <header className="top">
        <div className="top-row">
          <Link to="/" className="wordmark">
            <Mark />
            Tally
          </Link>
          <Sections />
          <AccountMenu />
        </div>
      </header>
      <Offline />
      <main id="main" className="page" ref={main} tabIndex={-1}>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </main>
      <footer className="foot">
        <div className="foot-row">
          <span>{t("layout.promise")}</span>
          <a href="/docs/">{t("layout.api")}</a>
        </div>
      </footer>
      <SignInDialog />
    </div>
  );
}

function Sections() {
  const { t } = useTranslation();
  const { standing } = useSession();
  const isOperator = useMay("operator");
  const isIn = standing === "in" || standing === "restoring";
  return (
    <nav className="sections" aria-label={t("layout.sections")}>
      <NavLink to="/restaurants">{t("layout.restaurants")}</NavLink>
      <NavLink to="/campaigns">{t("layout.campaigns")}</NavLink>
      {isIn && <NavLink to="/me">{t("layout.me")}</NavLink>}
      {isOperator && <NavLink to="/operate">{t("layout.operate")}</NavLink>}
      {isOperator && <NavLink to="/ops">{t("layout.ops")}</NavLink>}
    </nav>
  );
}

function Offline() {
  const { t } = useTranslation();
  const isOnline = useSyncExternalStore(
    (listen) => onlineManager.subscribe(listen),
    () => onlineManager.isOnline(),
  );
  return <div role="status">{!isOnline && <p className="offline">{t("state.offline")}</p>}</div>;
}

/** Screen readers and keyboards begin at a new page's content, and the page at its top. */
function useFocusOnNewPage(main: React.RefObject<HTMLElement | null>): void {
  const { pathname } = useLocation();
  const kind = useNavigationType();
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    if (kind !== "POP") scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [pathname, kind, main]);
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="currentColor" />
      <path
        d="M8 9v14M13 9v14M18 9v14M23 9v14M6 21 26 11"
        stroke="var(--paper)"
        strokeWidth="2.6"
        strokeLinecap="round"
        fill="none"
      />
    </svg>
  );
}
