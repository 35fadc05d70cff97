import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, type Body, outcome } from "../api/client";
import { NeedsRole } from "../session/NeedsSession";
import { MINE } from "../session/useSession";
import { More } from "../ui/More";
import { Answered, Empty } from "../ui/states";
import { TextField } from "../ui/TextField";
import { At } from "../ui/Time";
import { Outcome } from "./Outcome";
import { Secret } from "./Secret";
import { useSend } from "./useSend";

type Partner = Body<"PartnerBody">;
const PARTNERS = [MINE, "partners"];

/** Admits partners, and keeps their keys. */
export default function PartnersDesk() {
  return (
    <NeedsRole least="admin">
      <div className="stack stack-wide">
        <Admit />
        <Partners />
      </div>
    </NeedsRole>
  );
}

function Admit() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [partner, setPartner] = useState({ name: "", voter_kind: "" });
  const sending = useSend(async () => {
    const admitted = await answer(api.POST("/api/v1/partners", { body: partner }));
    void queries.invalidateQueries({ queryKey: PARTNERS });
    setPartner({ name: "", voter_kind: "" });
    return admitted;
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    void sending.run();
  }

  return (
    <form className="card stack" onSubmit={submit} aria-label={t("partner.admit")}>
      <h2>{t("partner.admit")}</h2>
      <div className="fields">
        <TextField
          label={t("partner.name")}
          required
          maxLength={200}
          value={partner.name}
          put={(name) => setPartner({ ...partner, name })}
        />
        <TextField
          label={t("partner.voterKind")}
          hint={t("partner.voterKindHint")}
          required
          maxLength={32}
          autoCapitalize="none"
          spellCheck={false}
          value={partner.voter_kind}
          put={(voter_kind) => setPartner({ ...partner, voter_kind })}
        />
      </div>
      <Outcome problem={sending.problem}>
        {sending.done && <Secret keyId={sending.done.key_id} secret={sending.done.secret} />}
      </Outcome>
      <div>
        <button type="submit" className="button button-main" disabled={sending.isBusy}>
          {t("partner.admit")}
        </button>
      </div>
    </form>
  );
}

function Partners() {
  const { t } = useTranslation();
  const asked = useInfiniteQuery({
    queryKey: PARTNERS,
    queryFn: ({ pageParam, signal }) => {
      const params = { query: { cursor: pageParam, limit: 20 } };
      return answer(api.GET("/api/v1/partners", { params, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const partners = asked.data?.pages.flatMap((page) => page.items);
  return (
    <section className="stack" aria-label={t("operate.partners")}>
      <Answered asked={{ ...asked, data: partners }}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t("partner.none")}</Empty>
          ) : (
            list.map((partner) => <PartnerCard key={partner.partner_id} partner={partner} />)
          )
        }
      </Answered>
      <More of={asked} />
    </section>
  );
}

function PartnerCard({ partner }: { partner: Partner }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = { partner_id: partner.partner_id };
  const giving = useSend(async () => {
    const key = await answer(api.POST("/api/v1/partners/{partner_id}/keys", { params: { path } }));
    void queries.invalidateQueries({ queryKey: PARTNERS });
    return key;
  });
  return (
    <article className="card stack" aria-label={partner.name}>
      <div className="row row-apart">
        <h3>
          {partner.name} <span className="badge">{partner.voter_kind}</span>
        </h3>
        <button
          type="button"
          className="button button-small"
          disabled={giving.isBusy}
          onClick={() => void giving.run()}
        >
          {t("partner.giveKey")}
        </button>
      </div>
      <p className="small soft mono">{partner.partner_id}</p>
      <Outcome problem={giving.problem}>
        {giving.done && <Secret keyId={giving.done.key_id} secret={giving.done.secret} />}
      </Outcome>
      <ul className="stack stack-close">
        {partner.keys.map((key) => (
          <KeyRow key={key.key_id} partnerId={partner.partner_id} held={key} />
        ))}
      </ul>
    </article>
  );
}

function KeyRow(props: { partnerId: string; held: Partner["keys"][number] }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { held } = props;
  const [isSure, setIsSure] = useState(false);
  const revoking = useSend(async () => {
    const params = { path: { partner_id: props.partnerId, key_id: held.key_id } };
    await outcome(api.DELETE("/api/v1/partners/{partner_id}/keys/{key_id}", { params }));
    void queries.invalidateQueries({ queryKey: PARTNERS });
    return true;
  });
  return (
    <li className="row row-apart small">
      <span>
        <span className="mono">{held.key_id}</span>{" "}
        <span className="soft">
          <At at={held.created_at} />
        </span>
      </span>
      {held.revoked_at ? (
        <span className="badge badge-bad">{t("partner.revoked")}</span>
      ) : (
        <button
          type="button"
          className="button button-small button-bad"
          disabled={revoking.isBusy}
          onClick={() => (isSure ? void revoking.run() : setIsSure(true))}
        >
          {isSure ? t("partner.revokeSurely") : t("partner.revoke")}
        </button>
      )}
      {revoking.problem && <Outcome problem={revoking.problem} />}
    </li>
  );
}
