import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { number } from "../i18n/format";
import { useSession } from "../session/useSession";
import { useNow } from "../ui/now";
import { Answered, Stale } from "../ui/states";
import { Countdown, ZonedAt } from "../ui/Time";
import { type Campaign, type Lot, useWallet } from "./queries";
import { unexpired } from "./tickets";

/** A lot that ends sooner than this says how soon. */
const SOON_MS = 24 * 3_600_000;

/** What one holds in the campaign: the balance, and its lots in the order they are spent. */
export function Wallet({ campaign }: { campaign: Campaign }) {
  const { t, i18n } = useTranslation();
  const { standing } = useSession();
  const isIn = standing === "in" || standing === "restoring";
  const asked = useWallet(campaign.campaign_id, isIn);
  const now = useNow();
  if (!isIn) return null;
  return (
    <section className="card stack" aria-label={t("wallet.title")}>
      <div className="row row-apart">
        <h2>
          {t("wallet.title")} <Stale error={asked.data && asked.error} />
        </h2>
        <Link className="small" to={`/campaigns/${campaign.campaign_id}/ledger`}>
          {t("ledger.title")}
        </Link>
      </div>
      <Answered asked={{ ...asked, data: asked.data && unexpired(asked.data, now) }} rows={1}>
        {(wallet) => (
          <>
            <p className="wallet-balance">
              <strong className="numbers" data-balance={wallet.balance}>
                {number(i18n.language, wallet.balance)}
              </strong>{" "}
              {t("wallet.tickets", { count: wallet.balance })}
            </p>
            {wallet.lots.length === 0 ? (
              <p className="soft small">{t("wallet.empty")}</p>
            ) : (
              <ul className="lots">
                {wallet.lots.map((lot) => (
                  <LotRow key={lot.lot_id} lot={lot} zone={campaign.time_zone} />
                ))}
              </ul>
            )}
          </>
        )}
      </Answered>
    </section>
  );
}

function LotRow({ lot, zone }: { lot: Lot; zone: string }) {
  const { t, i18n } = useTranslation();
  const isSoon = Date.parse(lot.expires_at) - useNow() < SOON_MS;
  return (
    <li className="lot small">
      <span className="numbers">
        <strong>{number(i18n.language, lot.remaining)}</strong>
        <span className="soft">
          {" "}
          {t("wallet.of", { tickets: number(i18n.language, lot.tickets) })}
        </span>
      </span>
      <span>{lot.source === "grant" ? t("wallet.granted") : t("wallet.free")}</span>
      <span className="soft">
        {isSoon ? t("wallet.endsIn") : t("wallet.until")}{" "}
        {isSoon ? (
          <Countdown until={lot.expires_at} />
        ) : (
          <ZonedAt at={lot.expires_at} zone={zone} />
        )}
      </span>
    </li>
  );
}
