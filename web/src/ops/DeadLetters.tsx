import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { Outcome } from "../operate/Outcome";
import { useSend } from "../operate/useSend";
import { Choice } from "../ui/Field";
import { firstField, focusIf } from "../ui/focus";
import { More } from "../ui/More";
import { Answered, Empty, Stale } from "../ui/states";
import { TextField } from "../ui/TextField";
import { Ago } from "../ui/Time";
import {
  type DeadLetter,
  LETTER_STATES,
  LETTERS,
  type LetterState,
  useLetter,
  useLetters,
} from "./queries";

/** What no worker could settle, until an operator decides. */
export function DeadLetters() {
  const { t } = useTranslation();
  const [state, setState] = useState<LetterState>("open");
  const asked = useLetters(state);
  const letters = asked.data?.pages.flatMap((page) => page.items);
  return (
    <section className="stack" aria-label={t("letter.title")}>
      <div className="row row-apart">
        <h2>
          {t("letter.title")} <Stale error={letters && asked.error} />
        </h2>
        <Choice
          label={t("letter.state")}
          value={state}
          of={LETTER_STATES.map((name) => [name, t(`letter.states.${name}`)] as const)}
          choose={setState}
        />
      </div>
      <Answered asked={{ ...asked, data: letters }} rows={1}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t("letter.none")}</Empty>
          ) : (
            <ul className="stack">
              {list.map((letter) => (
                <Letter key={letter.dead_letter_id} letter={letter} />
              ))}
            </ul>
          )
        }
      </Answered>
      <More of={asked} />
    </section>
  );
}

function Letter({ letter }: { letter: DeadLetter }) {
  const { t } = useTranslation();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li className="card stack stack-close">
      <div className="row row-apart">
        <strong className="mono">{letter.reason}</strong>
        <span className="small soft">
          <Ago at={letter.created_at} />
        </span>
      </div>
      <p className="small">{letter.detail}</p>
      <p className="small soft">
        <span className="mono">{letter.box}</span> ·{" "}
        {t("letter.facts", {
          kind: letter.kind,
          bytes: letter.size_bytes,
          count: letter.arrivals,
        })}
      </p>
      {letter.state === "open" && <Decide letter={letter} />}
      <div>
        <button
          type="button"
          className="link-button small"
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
        >
          {t("letter.contents")}
        </button>
      </div>
      {isOpen && <Contents id={letter.dead_letter_id} />}
    </li>
  );
}

function Decide({ letter }: { letter: DeadLetter }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [reason, setReason] = useState<string | null>(null);
  const [wasDropping, setWasDropping] = useState(false);
  const params = { path: { dead_letter_id: letter.dead_letter_id } };
  const deciding = useSend(async () => {
    if (reason === null) {
      await answer(api.POST("/api/v1/dead-letters/{dead_letter_id}/replay", { params }));
    } else {
      const body = { reason };
      await answer(api.POST("/api/v1/dead-letters/{dead_letter_id}/drop", { params, body }));
    }
    await queries.invalidateQueries({ queryKey: LETTERS });
    return true;
  });
  return (
    <div className="stack stack-close">
      {reason === null ? (
        <div className="row">
          <button
            type="button"
            className="button button-small button-main"
            disabled={deciding.isBusy}
            onClick={() => void deciding.run()}
          >
            {t("letter.replay")}
          </button>
          <button
            type="button"
            className="button button-small button-bad"
            ref={focusIf(wasDropping)}
            onClick={() => {
              setReason("");
              setWasDropping(true);
            }}
          >
            {t("letter.drop")}
          </button>
        </div>
      ) : (
        <form
          className="stack"
          ref={firstField}
          onSubmit={(event) => {
            event.preventDefault();
            void deciding.run();
          }}
        >
          <TextField
            label={t("letter.dropReason")}
            hint={t("letter.dropHint")}
            required
            maxLength={500}
            value={reason}
            put={setReason}
          />
          <div className="row">
            <button
              type="submit"
              className="button button-small button-bad"
              disabled={deciding.isBusy}
            >
              {t("letter.drop")}
            </button>
            <button
              type="button"
              className="button button-small button-plain"
              onClick={() => setReason(null)}
            >
              {t("action.cancel")}
            </button>
          </div>
        </form>
      )}
      <Outcome problem={deciding.problem} />
    </div>
  );
}

function Contents({ id }: { id: string }) {
  const { t } = useTranslation();
  const asked = useLetter(id);
  return (
    <Answered asked={asked} rows={1}>
      {(letter) => (
        <div className="stack stack-close small">
          <ul className="stack stack-close">
            {letter.votes.map((vote) => (
              <li key={vote.vote_id} className="row">
                <span className="mono">{vote.vote_id}</span>
                <span className="badge">
                  {vote.voter.kind} {vote.voter.id}
                </span>
                <span className="badge">
                  {vote.ledger ? t(`me.state.${vote.ledger as "counted"}`) : t("letter.unknown")}
                </span>
              </li>
            ))}
          </ul>
          {letter.unreadable > 0 && <p>{t("letter.unreadable", { count: letter.unreadable })}</p>}
          <details>
            <summary>{t("letter.bytes")}</summary>
            <p className="mono">{letter.bytes}</p>
          </details>
        </div>
      )}
    </Answered>
  );
}
