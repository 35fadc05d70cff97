import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useCampaigns } from "../campaigns/queries";
import { StageBadge } from "../campaigns/Stages";
import { More } from "../ui/More";
import { Answered, Empty } from "../ui/states";
import { ZonedAt } from "../ui/Time";

/** All campaigns, to be edited, and the way to a new one. */
export default function CampaignDesk() {
  const { t } = useTranslation();
  const asked = useCampaigns();
  const campaigns = asked.data?.pages.flatMap((page) => page.items);
  return (
    <div className="stack">
      <div>
        <Link className="button button-main" to="/operate/campaigns/new">
          {t("operate.newCampaign")}
        </Link>
      </div>
      <Answered asked={{ ...asked, data: campaigns }}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t("campaign.none")}</Empty>
          ) : (
            <ul className="stack">
              {list.map((campaign) => (
                <li key={campaign.campaign_id} className="card stack stack-close">
                  <div className="row row-apart">
                    <h2>
                      <Link to={`/campaigns/${campaign.campaign_id}`}>{campaign.name}</Link>
                    </h2>
                    <StageBadge campaign={campaign} />
                  </div>
                  <p className="small soft">
                    <ZonedAt at={campaign.starts_at} zone={campaign.time_zone} /> –{" "}
                    <ZonedAt at={campaign.ends_at} zone={campaign.time_zone} />
                  </p>
                  <p className="row small">
                    <Link to={`/operate/campaigns/${campaign.campaign_id}/edit`}>
                      {t("action.edit")}
                    </Link>
                    <Link to={`/operate/tickets?campaign=${campaign.campaign_id}`}>
                      {t("operate.tickets")}
                    </Link>
                  </p>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
      <More of={asked} />
    </div>
  );
}
