import { type ReactNode, useId } from "react";

/** A labelled control with its hint and its error, tied together for screen readers. */
export function Field(props: {
  label: ReactNode;
  hint?: ReactNode;
  error?: ReactNode;
  children: (control: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": boolean | undefined;
    className: string;
  }) => ReactNode;
}) {
  const id = useId();
  const hintId = props.hint ? `${id}-hint` : "";
  const errorId = props.error ? `${id}-error` : "";
  const control = {
    id,
    "aria-describedby": `${errorId} ${hintId}`.trim() || undefined,
    "aria-invalid": props.error ? true : undefined,
    className: "input",
  };
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      {props.children(control)}
      {props.error && (
        <span className="field-error" id={errorId} role="alert">
          {props.error}
        </span>
      )}
      {props.hint && (
        <span className="field-hint" id={hintId}>
          {props.hint}
        </span>
      )}
    </div>
  );
}

/** A choice among few, all of them in sight. */
export function Choice<Value extends string>(props: {
  label: string;
  value: Value;
  of: readonly (readonly [Value, ReactNode])[];
  choose: (value: Value) => void;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in a line everywhere.
    <div className="choice" role="group" aria-label={props.label}>
      {props.of.map(([value, name]) => (
        <button
          type="button"
          key={value}
          aria-pressed={value === props.value}
          onClick={() => props.choose(value)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
