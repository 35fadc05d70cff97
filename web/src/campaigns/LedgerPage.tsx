import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { number } from "../i18n/format";
import { NeedsSession } from "../session/NeedsSession";
import { More } from "../ui/More";
import { Answered, Empty } from "../ui/states";
import { TableBox } from "../ui/TableBox";
import { At } from "../ui/Time";
import { useTitle } from "../ui/useTitle";
import { reasonOf } from "../votes/VoteStatus";
import { type Campaign, type LedgerEntry, useCampaign, useLedger } from "./queries";

/** One's own statement in a campaign: every ticket that came or went, newest first. */
export default function LedgerPage() {
  const { t } = useTranslation();
  const { campaignId = "" } = useParams();
  const campaign = useCampaign(campaignId);
  useTitle(t("ledger.title"));
  return (
    <div className="stack">
      <p className="small">
        <Link to={`/campaigns/${campaignId}`}>{campaign.data?.name ?? t("campaign.title")}</Link>
      </p>
      <h1>{t("ledger.title")}</h1>
      <NeedsSession>
        <Answered asked={campaign}>{(found) => <Statement campaign={found} />}</Answered>
      </NeedsSession>
    </div>
  );
}

function Statement({ campaign }: { campaign: Campaign }) {
  const { t, i18n } = useTranslation();
  const asked = useLedger(campaign.campaign_id, true);
  const entries = asked.data?.pages.flatMap((page) => page.items);
  const signed = (n: number) => (n > 0 ? `+${number(i18n.language, n)}` : number(i18n.language, n));
  return (
    <>
      <Answered asked={{ ...asked, data: entries }}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t("ledger.none")}</Empty>
          ) : (
            <TableBox label={t("ledger.title")}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{t("ledger.at")}</th>
                    <th scope="col">{t("ledger.what")}</th>
                    <th scope="col" className="end">
                      {t("ledger.tickets")}
                    </th>
                    <th scope="col" className="end">
                      {t("ledger.balance")}
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {list.map((entry, at) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: lines have no names, and only grow.
                    <tr key={at}>
                      <td>
                        <At at={entry.at} />
                      </td>
                      <td>
                        <What entry={entry} campaign={campaign} />
                      </td>
                      <td className="end">{signed(entry.tickets)}</td>
                      <td className="end">{number(i18n.language, entry.balance)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </TableBox>
          )
        }
      </Answered>
      <More of={asked} />
    </>
  );
}

function What({ entry, campaign }: { entry: LedgerEntry; campaign: Campaign }) {
  const { t } = useTranslation();
  const nameOf = (list: readonly { key: string; name: string }[], key?: string | null) =>
    list.find((one) => one.key === key)?.name ?? key ?? "";
  const option = nameOf(campaign.options, entry.option);
  const channel = nameOf(campaign.channels, entry.channel);
  switch (entry.kind) {
    case "grant":
      return entry.source === "free_daily"
        ? t("ledger.kind.free")
        : t("ledger.kind.grant", { reason: entry.reason ?? "" });
    case "vote":
      return t("ledger.kind.vote", { option, channel });
    case "refund":
      return t("ledger.kind.refund", {
        option,
        reason: entry.reason === "voided" ? t("vote.voided") : reasonOf(entry.reason ?? null, t),
      });
    case "expiry":
      return t("ledger.kind.expiry");
    default:
      return entry.kind;
  }
}
