import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { useMay } from "../session/useSession";
import { Answered, Stale } from "../ui/states";
import { ZonedAt } from "../ui/Time";
import { useTitle } from "../ui/useTitle";
import { Board } from "./Board";
import { CastTickets } from "./CastTickets";
import { OptionDetails } from "./OptionDetails";
import { type Campaign, useCampaign } from "./queries";
import { Result } from "./Result";
import { StageBadge, useStage } from "./Stages";
import { Wallet } from "./Wallet";
import "./campaigns.css";

export default function CampaignPage() {
  const { campaignId = "" } = useParams();
  const asked = useCampaign(campaignId);
  useTitle(asked.data?.name);
  return (
    <Answered asked={asked}>
      {(campaign) => <Whole key={campaignId} campaign={campaign} error={asked.error} />}
    </Answered>
  );
}

function Whole({ campaign, error }: { campaign: Campaign; error: unknown }) {
  const { t } = useTranslation();
  const stage = useStage(campaign);
  const isOperator = useMay("operator");
  const [search, setSearch] = useSearchParams();
  const chosen = campaign.options.find(({ key }) => key === search.get("option"));
  const [channel, setChannel] = useState("");
  const choose = (key: string) =>
    setSearch(key ? { option: key } : {}, { replace: true, preventScrollReset: true });
  return (
    <div className="stack stack-wide">
      <header className="stack stack-close">
        <p className="small">
          <Link to="/campaigns">{t("campaign.title")}</Link>
        </p>
        <h1>
          {campaign.name} <Stale error={error} />
        </h1>
        <StageBadge campaign={campaign} />
        <p className="small">
          <ZonedAt at={campaign.starts_at} zone={campaign.time_zone} /> –{" "}
          <ZonedAt at={campaign.ends_at} zone={campaign.time_zone} />
        </p>
        {isOperator && (
          <p className="small">
            <Link to={`/operate/campaigns/${campaign.campaign_id}/edit`}>{t("action.edit")}</Link>
          </p>
        )}
      </header>
      {stage === "closing" && <p className="note note-warn">{t("campaign.closing")}</p>}
      {stage === "drained" && <p className="note note-warn">{t("campaign.drained")}</p>}
      {stage === "final" && <Result campaign={campaign} />}
      <div className="campaign-body">
        <aside className="stack" aria-label={t("campaign.yours")}>
          {(stage === "open" || stage === "scheduled") && (
            <CastTickets
              campaign={campaign}
              stage={stage}
              option={chosen?.key ?? ""}
              choose={choose}
            />
          )}
          <Wallet campaign={campaign} />
        </aside>
        <div className="stack stack-wide">
          <Board
            campaign={campaign}
            channel={channel}
            chooseChannel={setChannel}
            chosen={chosen?.key}
            choose={choose}
          />
          {chosen && <OptionDetails campaign={campaign} option={chosen} close={() => choose("")} />}
        </div>
      </div>
    </div>
  );
}
