import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Body } from "../api/client";
import { Choice } from "../ui/Field";
import { TextField } from "../ui/TextField";
import { Outcome } from "./Outcome";
import { useSend } from "./useSend";
import { VoterFields } from "./VoterFields";

/** Voids one vote, or all votes of a voter so far. Doing so again changes nothing. */
export function VoidForm(props: {
  /** What the voter loses where the votes' cost is not returned. */
  forfeited: string;
  send: (body: Body<"VoidRequest">) => Promise<Body<"VoidedBody">>;
}) {
  const { t } = useTranslation();
  const [of, setOf] = useState<"vote" | "voter">("vote");
  const [voteId, setVoteId] = useState("");
  const [voter, setVoter] = useState({ kind: "member", id: "" });
  const [reason, setReason] = useState("");
  const [forfeit, setForfeit] = useState(false);
  const sending = useSend(() => {
    const target = of === "vote" ? { vote_id: voteId.trim() } : { voter };
    return props.send({ ...target, reason, forfeit });
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    void sending.run();
  }

  return (
    <form className="stack" onSubmit={submit}>
      <div>
        <Choice
          label={t("void.of")}
          value={of}
          of={[
            ["vote", t("void.oneVote")],
            ["voter", t("void.allOfVoter")],
          ]}
          choose={setOf}
        />
      </div>
      {of === "vote" ? (
        <TextField
          label={t("void.voteId")}
          hint={t("void.voteIdHint")}
          required
          spellCheck={false}
          value={voteId}
          put={setVoteId}
        />
      ) : (
        <VoterFields voter={voter} change={setVoter} />
      )}
      <TextField
        label={t("void.reason")}
        hint={t("void.reasonHint")}
        required
        maxLength={500}
        value={reason}
        put={setReason}
      />
      <label className="check">
        <input
          type="checkbox"
          checked={forfeit}
          onChange={(event) => setForfeit(event.target.checked)}
        />
        {props.forfeited}
      </label>
      <Outcome problem={sending.problem}>
        {sending.done && (
          <p className="note note-good">
            {sending.done.waiting
              ? t("void.waiting")
              : t("void.done", { count: sending.done.voided })}
          </p>
        )}
      </Outcome>
      <div>
        <button type="submit" className="button button-bad" disabled={sending.isBusy}>
          {t("void.submit")}
        </button>
      </div>
    </form>
  );
}
