import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link, useRouteError } from "react-router";
import { useTitle } from "./useTitle";

export function NotFound() {
  const { t } = useTranslation();
  useTitle(t("notFound.title"));
  return (
    <div className="stack">
      <h1>{t("notFound.title")}</h1>
      <p>{t("notFound.detail")}</p>
      <p>
        <Link to="/">{t("notFound.home")}</Link>
      </p>
    </div>
  );
}

/** Stands for the whole where even what is around the pages broke. */
export function Crashed() {
  return (
    <main className="page">
      <Broken />
    </main>
  );
}

/** Stands for a page that broke, or whose parts could not be loaded: offline, or after a release. */
export function Broken() {
  const { t } = useTranslation();
  const error = useRouteError();
  useEffect(() => console.error(error), [error]);
  return (
    <div className="stack">
      <h1>{t("crashed.title")}</h1>
      <p>{t("crashed.detail")}</p>
      <p>
        <button type="button" className="button button-main" onClick={() => location.reload()}>
          {t("crashed.reload")}
        </button>
      </p>
    </div>
  );
}
