import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import { NavLink, Outlet } from "react-router";
import { NeedsRole } from "../session/NeedsSession";
import { useMay } from "../session/useSession";
import { Loading } from "../ui/states";
import { useTitle } from "../ui/useTitle";
import "./operate.css";

/** Where operators work. */
export default function OperatePage() {
  const { t } = useTranslation();
  useTitle(t("operate.title"));
  const isAdmin = useMay("admin");
  return (
    <div className="stack">
      <h1>{t("operate.title")}</h1>
      <NeedsRole least="operator">
        <nav className="tabs" aria-label={t("operate.title")}>
          <NavLink to="/operate" end>
            {t("operate.campaigns")}
          </NavLink>
          <NavLink to="/operate/tickets">{t("operate.tickets")}</NavLink>
          <NavLink to="/operate/places">{t("operate.places")}</NavLink>
          {isAdmin && <NavLink to="/operate/partners">{t("operate.partners")}</NavLink>}
          {isAdmin && <NavLink to="/operate/roles">{t("operate.roles")}</NavLink>}
          <NavLink to="/operate/audit">{t("operate.audit")}</NavLink>
        </nav>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </NeedsRole>
    </div>
  );
}
