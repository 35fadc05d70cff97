import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { answer, api } from "../api/client";
import { serverNow } from "../api/clock";
import { Problem } from "../api/problem";
import { type Campaign, useCampaign } from "../campaigns/queries";
import { stageOf } from "../campaigns/stage";
import { ownZone } from "../i18n/format";
import { Answered } from "../ui/states";
import { CampaignFields } from "./CampaignFields";
import { CampaignPreview } from "./CampaignPreview";
import { bodyOf, type CampaignDraft, draftOf, editOf, emptyDraft } from "./draft";
import { faultsOf } from "./faults";
import { Outcome } from "./Outcome";
import { useSend } from "./useSend";

/** Creates a campaign, or edits one. */
export default function CampaignEditor() {
  const { campaignId } = useParams();
  return campaignId === undefined ? (
    <Editor begun={emptyDraft(serverNow(), ownZone())} />
  ) : (
    <Existing campaignId={campaignId} />
  );
}

function Existing({ campaignId }: { campaignId: string }) {
  const asked = useCampaign(campaignId);
  return (
    <Answered asked={asked}>
      {(campaign) => <Editor campaign={campaign} begun={draftOf(campaign)} />}
    </Answered>
  );
}

function Editor(props: { campaign?: Campaign; begun: CampaignDraft }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  // What it was when the form was opened: polls must not change what is being edited.
  const [base] = useState(props.campaign);
  const [draft, setDraft] = useState(props.begun);
  const body = bodyOf(draft);
  const stage = base && stageOf(base, serverNow());
  const isFixed = stage === "open";
  const isOver = stage !== undefined && stage !== "open" && stage !== "scheduled";

  const sending = useSend(async () => {
    if (body === null) throw new Problem(0, "invalid_times", "");
    const campaign = base ? await edit(base, body) : await create(body);
    void queries.invalidateQueries({ queryKey: ["campaigns"] });
    await navigate(`/campaigns/${campaign.campaign_id}`);
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    void sending.run();
  }

  if (isOver) return <p className="note">{t("editor.over")}</p>;
  return (
    <div className="editor">
      <form className="stack" onSubmit={submit}>
        <h2>{base ? t("editor.edit", { name: base.name }) : t("operate.newCampaign")}</h2>
        {isFixed && <p className="note note-warn">{t("editor.fixed")}</p>}
        <CampaignFields
          draft={draft}
          change={(part) => setDraft({ ...draft, ...part })}
          isFixed={isFixed}
          faults={faultsOf(sending.problem)}
        />
        <Outcome problem={sending.problem} />
        <div>
          <button type="submit" className="button button-main" disabled={sending.isBusy}>
            {base ? t("action.save") : t("editor.create")}
          </button>
        </div>
      </form>
      <CampaignPreview body={body} />
    </div>
  );
}

type Whole = NonNullable<ReturnType<typeof bodyOf>>;

async function create(body: Whole) {
  return await answer(api.POST("/api/v1/campaigns", { body }));
}

async function edit(base: Campaign, body: Whole) {
  const before = bodyOf(draftOf(base));
  const changed = before ? editOf(before, body) : body;
  if (Object.keys(changed).length === 0) return base;
  const params = {
    path: { campaign_id: base.campaign_id },
    header: { "If-Match": `"${base.version}"` },
  };
  return await answer(api.PATCH("/api/v1/campaigns/{campaign_id}", { params, body: changed }));
}
