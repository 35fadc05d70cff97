import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { en } from "../i18n/en";
import { useNow } from "../ui/now";
import { useProblemText } from "../ui/problemText";
import { castAgain, giveUp, TRIES_MAX } from "./send";
import { forget } from "./store";
import { isOpen, type Phase, type Vote } from "./vote";
import "./votes.css";

/** Says how a vote goes, and what can be done about it. */
export function VoteStatus({ vote }: { vote: Vote }) {
  const { phase } = vote;
  return (
    <span className="vote-status">
      <span role="status" className={`vote-phase vote-phase-${phase.at}`}>
        <Words phase={phase} />
      </span>
      <Deeds vote={vote} />
    </span>
  );
}

function Words({ phase }: { phase: Phase }) {
  const { t } = useTranslation();
  const say = useProblemText();
  switch (phase.at) {
    case "sending":
      return isWaiting(phase) ? (
        <Waiting attempt={phase.attempt} retryAt={phase.retryAt} />
      ) : (
        t("vote.sending")
      );
    case "accepted":
      return t("vote.accepted");
    case "unknown":
      return t("vote.unknown");
    case "counted":
      return t("vote.counted");
    case "rejected":
      return t("vote.rejected", { reason: reasonOf(phase.reason, t) });
    case "voided":
      return phase.reason ? t("vote.voidedFor", { reason: phase.reason }) : t("vote.voided");
    case "nothing":
      return null;
    case "failed":
      return (
        <>
          {say(phase.problem)} {phase.uncertain && t("vote.uncertain")}
        </>
      );
  }
}

/** Whether the first try did not do. */
function isWaiting(phase: { attempt: number; retryAt: number | null }): boolean {
  return phase.attempt > 1 || phase.retryAt !== null || !navigator.onLine;
}

/** Why a vote was rejected; a reason that we have no words for speaks for itself. */
export function reasonOf(reason: string | null, t: TFunction): string {
  if (reason === null) return "";
  return reason in en.reason ? t(`reason.${reason as keyof typeof en.reason}`) : reason;
}

function Waiting({ attempt, retryAt }: { attempt: number; retryAt: number | null }) {
  const { t } = useTranslation();
  useNow();
  if (retryAt === null && !navigator.onLine) return t("vote.offline");
  const seconds = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - Date.now()) / 1_000));
  return t("vote.waiting", { count: seconds, attempt, max: TRIES_MAX });
}

function Deeds({ vote }: { vote: Vote }) {
  const { t } = useTranslation();
  const { phase, key } = vote;
  if (phase.at === "sending" && isWaiting(phase)) {
    return (
      <button type="button" className="link-button" onClick={() => giveUp(key)}>
        {t("vote.giveUp")}
      </button>
    );
  }
  if (phase.at === "failed" || phase.at === "rejected" || phase.at === "voided") {
    return (
      <>
        {isOpen(vote) && (
          <button type="button" className="link-button" onClick={() => castAgain(vote)}>
            {t("vote.again")}
          </button>
        )}
        <button type="button" className="link-button" onClick={() => forget(key)}>
          {t("vote.dismiss")}
        </button>
      </>
    );
  }
  return null;
}
