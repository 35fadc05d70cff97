import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { answer, api } from "../api/client";
import { serverNow } from "../api/clock";
import { asProblem, Problem } from "../api/problem";
import { type Campaign, useCampaign } from "../campaigns/queries";
import { stageOf } from "../campaigns/stage";
import { en } from "../i18n/en";
import { ownZone } from "../i18n/format";
import { Answered } from "../ui/states";
import { CampaignFields } from "./CampaignFields";
import { CampaignPreview } from "./CampaignPreview";
import { bodyOf, type CampaignDraft, changesOf, draftOf, editOf, emptyDraft } from "./draft";
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
  const { t, i18n } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  // What it was when the form was opened: polls must not change what is being edited.
  const [base] = useState(props.campaign);
  // What it has become meanwhile, as far as its editor has been told.
  const [latest, setLatest] = useState(props.campaign);
  const [draft, setDraft] = useState(props.begun);
  const body = bodyOf(draft);
  const stage = latest && stageOf(latest, serverNow());
  const isFixed = stage === "open";
  const isOver = stage !== undefined && stage !== "open" && stage !== "scheduled";

  const sending = useSend(async () => {
    if (body === null) throw new Problem(0, "invalid_times", "");
    const campaign = base
      ? await edit(base, latest?.version ?? base.version, body).catch(seeLatest)
      : await create(body);
    void queries.invalidateQueries({ queryKey: ["campaigns"] });
    await navigate(`/campaigns/${campaign.campaign_id}`);
  });

  /** Shows what an edit came too late for; saving once more is then meant for that version. */
  async function seeLatest(error: unknown): Promise<never> {
    if (base && asProblem(error).code === "stale_version") {
      const path = { campaign_id: base.campaign_id };
      setLatest(await answer(api.GET("/api/v1/campaigns/{campaign_id}", { params: { path } })));
    }
    throw error;
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    void sending.run();
  }

  const others = base && latest && base !== latest ? changesOf(base, latest) : [];
  const fields = others.map(({ label, value }) => {
    const name = t(`editor.${label}`);
    return value === null ? name : `${name} “${value}”`;
  });
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
          faults={faultsOf(sending.problem, (code, detail) =>
            code in en.fault && i18n.language !== "en"
              ? t(`fault.${code as keyof typeof en.fault}`)
              : detail,
          )}
        />
        {fields.length > 0 && (
          <p className="note note-warn">{t("editor.stale", { fields: fields.join(", ") })}</p>
        )}
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

/** Changes what differs from `base`, in the version that is there. */
async function edit(base: Campaign, version: number, body: Whole) {
  const before = bodyOf(draftOf(base));
  const changed = before ? editOf(before, body) : body;
  if (Object.keys(changed).length === 0) return base;
  const params = {
    path: { campaign_id: base.campaign_id },
    header: { "If-Match": `"${version}"` },
  };
  return await answer(api.PATCH("/api/v1/campaigns/{campaign_id}", { params, body: changed }));
}
