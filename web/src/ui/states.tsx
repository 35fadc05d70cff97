import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "../api/problem";
import { useProblemText } from "./problemText";

/** Stands where something is on its way, as large as it will be. */
export function Loading({ rows = 3 }: { rows?: number }) {
  const { t } = useTranslation();
  return (
    <div className="bones" role="status">
      <span className="unseen">{t("state.loading")}</span>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bones are all the same.
        <div className="bone" key={row} />
      ))}
    </div>
  );
}

/** Says that there is nothing, and what to do about it. */
export function Empty({ children }: { children: ReactNode }) {
  return <div className="empty">{children}</div>;
}

/** Says what went wrong, and lets one try again. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  const problem = asProblem(error);
  const text = useProblemText()(problem);
  return (
    <div className="note note-bad row row-apart" role="alert">
      <span>{text}</span>
      {retry && (
        <button type="button" className="button button-small" onClick={retry}>
          {t("state.retry")}
        </button>
      )}
    </div>
  );
}

/** Says that what is shown is old, for asking again fails; takes no room while it does not. */
export function Stale({ error }: { error: unknown }) {
  const { t } = useTranslation();
  if (!error) return null;
  return <span className="badge badge-warn">{t("state.stale")}</span>;
}

interface Asked<Data> {
  readonly data: Data | undefined;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

/** What `asked` came to: its data, its failure, or that it is on its way. */
export function Answered<Data>(props: {
  asked: Asked<Data>;
  rows?: number;
  children: (data: Data) => ReactNode;
}) {
  const { asked, rows, children } = props;
  // What is gone is not shown as if it were there still.
  const isGone = asked.error ? asProblem(asked.error).status === 404 : false;
  if (!isGone && asked.data !== undefined) return children(asked.data);
  if (asked.error) return <Failure error={asked.error} retry={() => asked.refetch()} />;
  return <Loading rows={rows} />;
}
