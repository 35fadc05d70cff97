import { useTranslation } from "react-i18next";
import { useNow } from "../ui/now";
import { Countdown } from "../ui/Time";
import { type Stage, stageOf, type Timed, turnsAt } from "./stage";

const LOOKS: Record<Stage, string> = {
  scheduled: "badge",
  open: "badge badge-good",
  closing: "badge badge-warn",
  drained: "badge badge-warn",
  final: "badge",
};

/** Where the campaign stands now. */
export function useStage(campaign: Timed): Stage {
  return stageOf(campaign, useNow());
}

/** Its stage, and what is left until the next one. */
export function StageBadge({ campaign }: { campaign: Timed }) {
  const { t } = useTranslation();
  const now = useNow();
  const stage = stageOf(campaign, now);
  const until = turnsAt(campaign, now);
  return (
    <span className="row">
      <span className={LOOKS[stage]}>{t(`stage.${stage}`)}</span>
      {until && (
        <span className="small soft">
          {stage === "scheduled" ? t("stage.opensIn") : t("stage.endsIn")}{" "}
          <Countdown until={until} />
        </span>
      )}
    </span>
  );
}
