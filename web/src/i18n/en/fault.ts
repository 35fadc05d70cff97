/** What is wrong with a field, by the fault's code. In English the server's own words are shown,
 * which name the limits. */
export const fault = {
  unknown_zone: "This is no IANA time zone.",
  not_after_start: "The end must be later than the start.",
  earlier_end: "The end of an open campaign can only be set later.",
  too_long: "The campaign would last too long.",
  past: "The end must be in the future.",
  too_far: "The start is too far ahead.",
  out_of_range: "This number is too small or too large.",
  invalid_length: "This is empty or too long.",
  control_character: "This must not have control characters.",
  invalid_key: "Letters, digits, “.”, “_” and “-”, a letter or digit first.",
  duplicate_key: "This key is there already.",
  invalid_count: "There are none of these, or too many.",
  duplicate_voter_kind: "This kind is there already.",
  invalid_voter_kind: "This is no kind of voter.",
  subject_incomplete: "The kind and the id of what it stands for go together.",
} as const;
