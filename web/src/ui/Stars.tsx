import { useTranslation } from "react-i18next";
import { number, stars } from "../i18n/format";

/** How many stars somebody gave. */
export function Stars({ n }: { n: number }) {
  const { t } = useTranslation();
  return (
    <span className="stars" role="img" aria-label={t("stars.given", { count: n })}>
      {"★".repeat(n)}
      {"☆".repeat(Math.max(0, 5 - n))}
    </span>
  );
}

/** The mean of all stars and how many there are. */
export function Rating({ mean, n }: { mean: number | null | undefined; n: number }) {
  const { t, i18n } = useTranslation();
  const count = t("stars.reviews", { count: n, n: number(i18n.language, n) });
  if (mean === null || mean === undefined) return <span className="soft small">{count}</span>;
  return (
    <span className="small numbers">
      <span className="stars" aria-hidden="true">
        ★
      </span>{" "}
      <strong>
        <span className="unseen">{t("stars.mean")} </span>
        {stars(i18n.language, mean)}
      </strong>{" "}
      <span className="soft">· {count}</span>
    </span>
  );
}
