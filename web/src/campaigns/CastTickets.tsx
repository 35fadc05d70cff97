import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { number } from "../i18n/format";
import { askToSignIn } from "../session/store";
import { useSession } from "../session/useSession";
import { Field } from "../ui/Field";
import { useNow } from "../ui/now";
import { pressedOnce } from "../ui/pressedOnce";
import { Countdown } from "../ui/Time";
import { cast } from "../votes/send";
import { useVotes } from "../votes/store";
import { VoteStatus } from "../votes/VoteStatus";
import { type Campaign, useWallet } from "./queries";
import type { Stage } from "./stage";
import { fitting, isOpenToMembers, mostTickets, unexpired } from "./tickets";

/** Spends tickets on an option, and tells how the votes go. */
export function CastTickets(props: {
  campaign: Campaign;
  stage: Stage;
  option: string;
  choose: (option: string) => void;
}) {
  const { t } = useTranslation();
  const { standing } = useSession();
  const isIn = standing === "in" || standing === "restoring";
  return (
    <section className="card stack" aria-label={t("cast.title")}>
      <h2>{t("cast.title")}</h2>
      {props.stage === "scheduled" ? (
        <p className="soft">
          {t("stage.opensIn")} <Countdown until={props.campaign.starts_at} />
        </p>
      ) : isIn ? (
        <Ballot {...props} />
      ) : (
        <div className="stack">
          <p className="soft">{t("cast.signedOut")}</p>
          <button
            type="button"
            className="button button-main"
            onClick={() => void askToSignIn().catch(() => undefined)}
          >
            {t("session.signIn")}
          </button>
        </div>
      )}
      <OnTheirWay campaign={props.campaign} />
    </section>
  );
}

function Ballot(props: { campaign: Campaign; option: string; choose: (option: string) => void }) {
  const { t, i18n } = useTranslation();
  const { campaign, option } = props;
  const { userName } = useSession();
  const open = campaign.channels.filter(isOpenToMembers);
  const [channelKey, setChannelKey] = useState(open[0]?.key ?? "");
  const [wanted, setWanted] = useState("1");
  const now = useNow();
  const answered = useWallet(campaign.campaign_id, true).data;
  const wallet = answered && unexpired(answered, now);
  const channel = open.find(({ key }) => key === channelKey);
  const most = mostTickets(campaign, channel, wallet?.balance ?? 0);
  const tickets = fitting(Number(wanted), most);
  const isSpent = wallet !== undefined && wallet.balance === 0;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!option || !channel || userName === null || isSpent) return;
    const { campaign_id: campaignId } = campaign;
    cast({ product: "campaign", campaignId, option, channel: channel.key, tickets }, userName);
    setWanted("1");
  }

  if (open.length === 0) return <p className="soft">{t("cast.noChannel")}</p>;
  return (
    <form className="stack" onSubmit={submit} {...pressedOnce}>
      <Field label={t("cast.option")}>
        {(control) => (
          <select
            {...control}
            required
            value={option}
            onChange={(event) => props.choose(event.target.value)}
          >
            <option value="">{t("cast.choose")}</option>
            {campaign.options.map(({ key, name }) => (
              <option key={key} value={key}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      {open.length > 1 && (
        <Field
          label={t("cast.channel")}
          hint={
            channel?.daily_ticket_limit &&
            t("cast.channelLimit", { count: channel.daily_ticket_limit })
          }
        >
          {(control) => (
            <select
              {...control}
              value={channelKey}
              onChange={(event) => setChannelKey(event.target.value)}
            >
              {open.map(({ key, name }) => (
                <option key={key} value={key}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Field
        label={t("cast.tickets")}
        hint={isSpent ? t("cast.spent") : t("cast.most", { n: number(i18n.language, most) })}
      >
        {(control) => (
          <input
            {...control}
            type="number"
            inputMode="numeric"
            min={1}
            max={Math.max(1, most)}
            step={1}
            required
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
          />
        )}
      </Field>
      <button type="submit" className="button button-main" disabled={isSpent}>
        {t("cast.submit", { count: tickets })}
      </button>
    </form>
  );
}

/** One's votes here that are on their way, or came to their end a moment ago. */
function OnTheirWay({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const votes = useVotes().filter(
    ({ ballot }) => ballot.product === "campaign" && ballot.campaignId === campaign.campaign_id,
  );
  if (votes.length === 0) return null;
  return (
    <ul className="stack stack-close small" aria-label={t("cast.onTheirWay")}>
      {votes.map((vote) => {
        if (vote.ballot.product !== "campaign") return null;
        const { option, tickets } = vote.ballot;
        const name = campaign.options.find(({ key }) => key === option)?.name ?? option;
        return (
          <li key={vote.key} className="stack stack-close">
            <span>{t("cast.vote", { count: tickets, name })}</span>
            <VoteStatus vote={vote} />
          </li>
        );
      })}
    </ul>
  );
}
