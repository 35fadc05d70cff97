import type { InputHTMLAttributes, ReactNode, TextareaHTMLAttributes } from "react";
import { Field } from "./Field";

interface Props {
  label: ReactNode;
  hint?: ReactNode;
  error?: ReactNode;
  value: string;
  put: (value: string) => void;
}

type Attributes<A> = Omit<A, keyof Props | "onChange" | "id" | "className">;

/** A line of text, with its label. */
export function TextField(props: Props & Attributes<InputHTMLAttributes<HTMLInputElement>>) {
  const { label, hint, error, put, ...attributes } = props;
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <input {...attributes} {...control} onChange={(event) => put(event.target.value)} />
      )}
    </Field>
  );
}

/** Lines of text, with their label. */
export function TextArea(props: Props & Attributes<TextareaHTMLAttributes<HTMLTextAreaElement>>) {
  const { label, hint, error, put, ...attributes } = props;
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <textarea {...attributes} {...control} onChange={(event) => put(event.target.value)} />
      )}
    </Field>
  );
}
