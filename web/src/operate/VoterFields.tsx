import { useTranslation } from "react-i18next";
import { Field } from "../ui/Field";

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
      <Field label={t("voter.kind")} hint={t("voter.kindHint")}>
        {(control) => (
          <input
            {...control}
            required
            value={voter.kind}
            onChange={(event) => change({ ...voter, kind: event.target.value })}
          />
        )}
      </Field>
      <Field label={t("voter.id")} hint={t("voter.idHint")}>
        {(control) => (
          <input
            {...control}
            required
            spellCheck={false}
            value={voter.id}
            onChange={(event) => change({ ...voter, id: event.target.value })}
          />
        )}
      </Field>
    </div>
  );
}
