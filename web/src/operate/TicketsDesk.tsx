import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { answer, api } from "../api/client";
import { asProblem } from "../api/problem";
import { useCampaigns } from "../campaigns/queries";
import { stageOf } from "../campaigns/stage";
import { Field } from "../ui/Field";
import { useNow } from "../ui/now";
import { TextField } from "../ui/TextField";
import { newKey } from "../votes/key";
import { Outcome } from "./Outcome";
import { useSend } from "./useSend";
import { VoidForm } from "./VoidForm";
import { VoterFields } from "./VoterFields";

/** Grants tickets to voters of a campaign, and voids their votes. */
export default function TicketsDesk() {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const campaignId = search.get("campaign") ?? "";
  const asked = useCampaigns();
  const now = useNow();
  const campaigns = asked.data?.pages
    .flatMap((page) => page.items)
    .filter((campaign) => stageOf(campaign, now) !== "final");
  return (
    <div className="stack stack-wide">
      <Field label={t("grant.campaign")}>
        {(control) => (
          <select
            {...control}
            value={campaignId}
            onChange={(event) => setSearch({ campaign: event.target.value }, { replace: true })}
          >
            <option value="">{t("grant.choose")}</option>
            {campaigns?.map((campaign) => (
              <option key={campaign.campaign_id} value={campaign.campaign_id}>
                {campaign.name} ({t(`stage.${stageOf(campaign, now)}`)})
              </option>
            ))}
          </select>
        )}
      </Field>
      {campaignId && (
        <>
          <Grant key={`grant ${campaignId}`} campaignId={campaignId} />
          <section className="card stack" aria-label={t("void.title")}>
            <h2>{t("void.title")}</h2>
            <VoidForm
              key={`void ${campaignId}`}
              forfeited={t("void.forfeitTickets")}
              send={(body) => {
                const params = { path: { campaign_id: campaignId } };
                return answer(api.POST("/api/v1/campaigns/{campaign_id}/voids", { params, body }));
              }}
            />
          </section>
        </>
      )}
    </div>
  );
}

function Grant({ campaignId }: { campaignId: string }) {
  const { t } = useTranslation();
  const [voter, setVoter] = useState({ kind: "member", id: "" });
  const [tickets, setTickets] = useState("1");
  const [reason, setReason] = useState("");
  // One key is one grant: pressing again after a failure grants nothing twice.
  const [grantKey, setGrantKey] = useState(newKey);
  const sending = useSend(async () => {
    const params = { path: { campaign_id: campaignId } };
    const body = { voter, tickets: Number(tickets), reason, grant_key: grantKey };
    const call = api.POST("/api/v1/campaigns/{campaign_id}/grants", { params, body });
    const granted = await answer(call).catch((error) => {
      // An earlier try has gone through, as it was then: what is sent next is another grant.
      if (asProblem(error).code === "grant_key_reused") setGrantKey(newKey());
      throw error;
    });
    setGrantKey(newKey());
    setVoter({ ...voter, id: "" });
    return granted;
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    void sending.run();
  }

  return (
    <form className="card stack" onSubmit={submit} aria-label={t("grant.title")}>
      <h2>{t("grant.title")}</h2>
      <VoterFields voter={voter} change={setVoter} />
      <div className="fields">
        <TextField
          label={t("grant.tickets")}
          type="number"
          required
          min={1}
          max={1_000_000}
          value={tickets}
          put={setTickets}
        />
        <TextField
          label={t("grant.reason")}
          hint={t("grant.reasonHint")}
          required
          maxLength={200}
          value={reason}
          put={setReason}
        />
      </div>
      <Outcome problem={sending.problem}>
        {sending.done && (
          <p className="note note-good">
            {t("grant.done")} <span className="mono small">{sending.done.grant_id}</span>
          </p>
        )}
      </Outcome>
      <div>
        <button type="submit" className="button button-main" disabled={sending.isBusy}>
          {t("grant.submit")}
        </button>
      </div>
    </form>
  );
}
