import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { More } from "../ui/More";
import { useNow } from "../ui/now";
import { Answered, Empty, Stale } from "../ui/states";
import { useTitle } from "../ui/useTitle";
import { type CampaignSummary, useCampaigns } from "./queries";
import { StageBadge } from "./Stages";
import { grouped } from "./stage";
import "./campaigns.css";

export default function CampaignsPage() {
  const { t } = useTranslation();
  useTitle(t("campaign.title"));
  const asked = useCampaigns();
  const campaigns = asked.data?.pages.flatMap((page) => page.items);
  return (
    <div className="stack stack-wide">
      <h1>
        {t("campaign.title")} <Stale error={campaigns && asked.error} />
      </h1>
      <Answered asked={{ ...asked, data: campaigns }}>
        {(list) =>
          list.length === 0 ? <Empty>{t("campaign.none")}</Empty> : <Groups campaigns={list} />
        }
      </Answered>
      <More of={asked} />
    </div>
  );
}

function Groups({ campaigns }: { campaigns: readonly CampaignSummary[] }) {
  const { t } = useTranslation();
  const groups = grouped(campaigns, useNow());
  return (["open", "scheduled", "over"] as const)
    .filter((name) => groups[name].length > 0)
    .map((name) => (
      <section key={name} className="stack" aria-label={t(`campaign.group.${name}`)}>
        <h2>{t(`campaign.group.${name}`)}</h2>
        <ul className="campaigns">
          {groups[name].map((campaign) => (
            <li key={campaign.campaign_id} className="card place">
              <h3>
                <Link to={`/campaigns/${campaign.campaign_id}`}>{campaign.name}</Link>
              </h3>
              <StageBadge campaign={campaign} />
              <p className="small soft">
                {t("campaign.options", { count: campaign.n_options })}
                {campaign.free_daily_tickets > 0 &&
                  ` · ${t("campaign.freeDaily", { count: campaign.free_daily_tickets })}`}
              </p>
            </li>
          ))}
        </ul>
      </section>
    ));
}
