import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem, type Problem } from "../api/problem";
import { Field } from "../ui/Field";
import { firstField } from "../ui/focus";
import { useProblemText } from "../ui/problemText";
import type { Item } from "./queries";

/** What a member says of an item. */
export interface Draft {
  readonly itemId: string;
  readonly stars: number;
  readonly content: string;
}

/** The longest content, in characters; the server judges. */
const CONTENT_MAX = 10_000;

/** Writes or changes a review; what was typed stays until `send` has done it. */
export function ReviewForm(props: {
  /** Items to choose from; none where the item is given. */
  items?: readonly Item[];
  begun: Draft;
  send: (draft: Draft) => Promise<void>;
  close: () => void;
  submit: string;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const say = useProblemText();
  const [draft, setDraft] = useState(props.begun);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setIsBusy(true);
    setProblem(null);
    try {
      await props.send(draft);
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setIsBusy(false);
    }
  }

  const errorOf = (code: string) => (problem?.code === code ? say(problem) : undefined);
  const isElsewhere = problem && !["invalid_stars", "invalid_content"].includes(problem.code);
  return (
    <form className="card stack" onSubmit={submit} ref={firstField}>
      {props.children}
      {props.items && (
        <Field label={t("review.item")}>
          {(control) => (
            <select
              {...control}
              required
              value={draft.itemId}
              onChange={(event) => setDraft({ ...draft, itemId: event.target.value })}
            >
              <option value="">{t("review.chooseItem")}</option>
              {props.items?.map((item) => (
                <option key={item.item_id} value={item.item_id}>
                  {item.name}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <StarChoice
        stars={draft.stars}
        error={errorOf("invalid_stars")}
        choose={(stars) => setDraft({ ...draft, stars })}
      />
      <Field label={t("review.content")} error={errorOf("invalid_content")}>
        {(control) => (
          <textarea
            {...control}
            required
            maxLength={CONTENT_MAX}
            value={draft.content}
            onChange={(event) => setDraft({ ...draft, content: event.target.value })}
          />
        )}
      </Field>
      {isElsewhere && (
        <p className="note note-bad" role="alert">
          {say(problem)}
        </p>
      )}
      <div className="row">
        <button type="submit" className="button button-main" disabled={isBusy}>
          {props.submit}
        </button>
        <button type="button" className="button button-plain" onClick={props.close}>
          {t("action.cancel")}
        </button>
      </div>
    </form>
  );
}

function StarChoice(props: {
  stars: number;
  error: string | undefined;
  choose: (stars: number) => void;
}) {
  const { t } = useTranslation();
  return (
    <fieldset className="stack stack-close">
      <legend className="legend">{t("review.stars")}</legend>
      <div className="star-choice">
        {[1, 2, 3, 4, 5].map((n) => (
          <label key={n} className={n <= props.stars ? "star-on" : ""}>
            <input
              type="radio"
              name="stars"
              required
              value={n}
              checked={props.stars === n}
              onChange={() => props.choose(n)}
              aria-label={t("stars.given", { count: n })}
            />
            <span aria-hidden="true">{n <= props.stars ? "★" : "☆"}</span>
          </label>
        ))}
      </div>
      {props.error && (
        <span className="field-error" role="alert">
          {props.error}
        </span>
      )}
    </fieldset>
  );
}
