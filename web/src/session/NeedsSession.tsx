import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "../api/problem";
import { Failure, Loading } from "../ui/states";
import { askToSignIn } from "./store";
import { isAtLeast, type Role, useMe, useSession } from "./useSession";

/** Shows `children` to who is signed in, and to others how to. */
export function NeedsSession({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const { standing } = useSession();
  if (standing === "in" || standing === "restoring") return children;
  return (
    <div className="empty stack">
      <p>{t("session.needed")}</p>
      <div>
        <button
          type="button"
          className="button button-main"
          onClick={() => void askToSignIn().catch(() => undefined)}
        >
          {t("session.signIn")}
        </button>
      </div>
    </div>
  );
}

/** Shows `children` to who has the role; the server guards what is behind them. */
export function NeedsRole({ least, children }: { least: Role; children: ReactNode }) {
  const { t } = useTranslation();
  const asked = useMe();
  return (
    <NeedsSession>
      {asked.data === undefined ? (
        asked.error ? (
          <Failure error={asProblem(asked.error)} retry={() => asked.refetch()} />
        ) : (
          <Loading />
        )
      ) : isAtLeast(asked.data.role, least) ? (
        children
      ) : (
        <p className="note">{t("session.forbidden", { role: t(`role.${least}`) })}</p>
      )}
    </NeedsSession>
  );
}
