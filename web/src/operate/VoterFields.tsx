import { useTranslation } from "react-i18next";
import { TextField } from "../ui/TextField";
import { MemberField } from "./MemberField";

/** A voter as operators name one: a member by account id, or a partner's voter. */
export interface VoterDraft {
  readonly kind: string;
  readonly id: string;
}

export function VoterFields(props: { voter: VoterDraft; change: (voter: VoterDraft) => void }) {
  const { t } = useTranslation();
  const { voter, change } = props;
  return (
    <div className="fields">
      <TextField
        label={t("voter.kind")}
        hint={t("voter.kindHint")}
        required
        value={voter.kind}
        put={(kind) => change({ ...voter, kind })}
      />
      {voter.kind === "member" ? (
        <MemberField
          label={t("voter.id")}
          id={voter.id}
          change={(id) => change({ ...voter, id })}
        />
      ) : (
        <TextField
          label={t("voter.id")}
          hint={t("voter.partnerIdHint")}
          required
          spellCheck={false}
          value={voter.id}
          put={(id) => change({ ...voter, id })}
        />
      )}
    </div>
  );
}
