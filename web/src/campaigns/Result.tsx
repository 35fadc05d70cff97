import { useState } from "react";
import { useTranslation } from "react-i18next";
import { number, percent } from "../i18n/format";
import { Answered } from "../ui/states";
import { ZonedAt } from "../ui/Time";
import { digestOf } from "./digest";
import { type Campaign, useResult } from "./queries";

/** The final result, and its digest, which anybody can compute again. */
export function Result({ campaign }: { campaign: Campaign }) {
  const { t, i18n } = useTranslation();
  const asked = useResult(campaign.campaign_id, true);
  const n = (value: number) => number(i18n.language, value);
  return (
    <section className="card stack" aria-label={t("result.title")}>
      <h2>{t("result.title")}</h2>
      <Answered asked={asked}>
        {(result) => {
          const all = result.options.reduce((sum, { votes }) => sum + votes, 0);
          return (
            <>
              <ol className="podium">
                {result.options.slice(0, 3).map((row) => (
                  <li key={row.option}>
                    <span className="podium-rank numbers">{n(row.rank)}</span>
                    <strong>{row.name}</strong>
                    <span className="small soft numbers">
                      {t("result.tickets", { count: row.votes, n: n(row.votes) })}
                      {all > 0 && ` · ${percent(i18n.language, row.votes / all)}`}
                    </span>
                  </li>
                ))}
              </ol>
              <dl className="facts">
                <dt>{t("result.votes")}</dt>
                <dd className="numbers">{n(result.n_votes)}</dd>
                <dt>{t("result.frozenAt")}</dt>
                <dd>
                  <ZonedAt at={result.frozen_at} zone={campaign.time_zone} />
                </dd>
                <dt>{t("result.digest")}</dt>
                <dd className="mono">{result.digest}</dd>
              </dl>
              <Check campaignId={campaign.campaign_id} digest={result.digest} />
            </>
          );
        }}
      </Answered>
    </section>
  );
}

/** Computes the digest here, from the text that the server says was digested. */
function Check({ campaignId, digest }: { campaignId: string; digest: string }) {
  const { t } = useTranslation();
  const [found, setFound] = useState<"same" | "other" | "failed" | null>(null);
  const url = `/api/v1/campaigns/${campaignId}/result?format=canonical`;

  async function check() {
    try {
      const response = await fetch(url);
      if (!response.ok) throw new Error(String(response.status));
      setFound((await digestOf(await response.arrayBuffer())) === digest ? "same" : "other");
    } catch {
      setFound("failed");
    }
  }

  return (
    <div className="row">
      {/* Only there on https and localhost. */}
      {"subtle" in crypto && (
        <button type="button" className="button button-small" onClick={check}>
          {t("result.check")}
        </button>
      )}
      <a className="small" href={url}>
        {t("result.canonical")}
      </a>
      <span role="status" className={found === "same" ? "vote-phase-counted" : "field-error"}>
        {found && t(`result.checked.${found}`)}
      </span>
    </div>
  );
}
