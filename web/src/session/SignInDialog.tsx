import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem, type Problem } from "../api/problem";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { useProblemText } from "../ui/problemText";
import { signIn, signUp } from "./actions";
import { dismiss } from "./store";
import { useSession } from "./useSession";

/** Opens over the page whenever somebody is to sign in; what was typed there stays. */
export function SignInDialog() {
  const { asking, userName } = useSession();
  return asking && <Asking why={asking} userName={userName ?? ""} />;
}

function Asking({ why: asking, userName }: { why: "wanted" | "lost"; userName: string }) {
  const { t } = useTranslation();
  const [isNew, setIsNew] = useState(false);
  const wantsNew = isNew && asking === "wanted";
  return (
    <Dialog title={wantsNew ? t("session.signUp") : t("session.signIn")} close={dismiss}>
      {asking === "lost" && <p className="note note-warn">{t("session.lost")}</p>}
      <Credentials key={String(wantsNew)} isNew={wantsNew} userName={userName} />
      {asking === "wanted" && (
        <p className="small">
          {wantsNew ? t("session.haveAccount") : t("session.noAccount")}{" "}
          <button type="button" className="link-button" onClick={() => setIsNew(!isNew)}>
            {wantsNew ? t("session.signIn") : t("session.signUp")}
          </button>
        </p>
      )}
    </Dialog>
  );
}

/** Fields that a problem is about, by its code. */
const ABOUT: Record<string, "name" | "password"> = {
  invalid_user_name: "name",
  name_taken: "name",
  invalid_password: "password",
};

function Credentials({ isNew, userName }: { isNew: boolean; userName: string }) {
  const { t } = useTranslation();
  const say = useProblemText();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const [name, password] = [String(fields.get("name")), String(fields.get("password"))];
    setIsBusy(true);
    setProblem(null);
    try {
      await (isNew ? signUp : signIn)(name.trim(), password);
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setIsBusy(false);
    }
  }

  const about = problem ? ABOUT[problem.code] : undefined;
  const errorOf = (field: string) => (problem && about === field ? say(problem) : undefined);
  return (
    <form className="stack" onSubmit={submit}>
      <Field
        label={t("session.userName")}
        hint={isNew && t("session.userNameHint")}
        error={errorOf("name")}
      >
        {(control) => (
          <input
            {...control}
            name="name"
            required
            defaultValue={userName}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
          />
        )}
      </Field>
      <Field
        label={t("session.password")}
        hint={isNew && t("session.passwordHint")}
        error={errorOf("password")}
      >
        {(control) => (
          <input
            {...control}
            name="password"
            type="password"
            required
            autoComplete={isNew ? "new-password" : "current-password"}
          />
        )}
      </Field>
      {problem && !about && (
        <p className="note note-bad" role="alert">
          {say(problem)}
        </p>
      )}
      <div className="row">
        <button type="submit" className="button button-main" disabled={isBusy}>
          {isNew ? t("session.signUp") : t("session.signIn")}
        </button>
        <button type="button" className="button button-plain" onClick={dismiss}>
          {t("action.cancel")}
        </button>
      </div>
    </form>
  );
}
