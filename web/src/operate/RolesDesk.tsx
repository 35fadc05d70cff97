import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { NeedsRole } from "../session/NeedsSession";
import { MINE } from "../session/useSession";
import { Field } from "../ui/Field";
import { AuditList } from "./AuditList";
import { MemberField } from "./MemberField";
import { Outcome } from "./Outcome";
import { useSend } from "./useSend";

const ROLES = ["member", "moderator", "operator", "admin"] as const;

/** Gives roles to members, and shows those that were given. */
export default function RolesDesk() {
  const { t } = useTranslation();
  return (
    <NeedsRole least="admin">
      <div className="stack stack-wide">
        <GiveRole />
        <section className="stack" aria-label={t("role.given")}>
          <h2>{t("role.given")}</h2>
          <AuditList action="role_given" subject="" />
        </section>
      </div>
    </NeedsRole>
  );
}

function GiveRole() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [userId, setUserId] = useState("");
  const [role, setRole] = useState("moderator");
  const sending = useSend(async () => {
    const params = { path: { user_id: userId.trim() } };
    const given = await answer(api.PUT("/api/v1/users/{user_id}/role", { params, body: { role } }));
    void queries.invalidateQueries({ queryKey: [MINE, "audit"] });
    setUserId("");
    return given;
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    void sending.run();
  }

  return (
    <form className="card stack" onSubmit={submit} aria-label={t("role.give")}>
      <h2>{t("role.give")}</h2>
      <p className="small soft">{t("role.explained")}</p>
      <div className="fields">
        <MemberField label={t("role.userId")} id={userId} change={setUserId} />
        <Field label={t("role.role")}>
          {(control) => (
            <select {...control} value={role} onChange={(event) => setRole(event.target.value)}>
              {ROLES.map((name) => (
                <option key={name} value={name}>
                  {t(`role.${name}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <Outcome problem={sending.problem}>
        {sending.done && (
          <p className="note note-good">
            {t("role.done", {
              name: sending.done.user_name,
              role: t(`role.${sending.done.role as "member"}`),
            })}
          </p>
        )}
      </Outcome>
      <div>
        <button type="submit" className="button button-main" disabled={sending.isBusy}>
          {t("role.give")}
        </button>
      </div>
    </form>
  );
}
