import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { TextField } from "../ui/TextField";
import { AuditList } from "./AuditList";

/** Who did what, and when. */
export default function AuditDesk() {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const [filter, setFilter] = useState({
    action: search.get("action") ?? "",
    subject: search.get("subject") ?? "",
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    setSearch(
      Object.fromEntries(
        Object.entries(filter)
          .map(([name, text]) => [name, text.trim()] as const)
          .filter(([, text]) => text),
      ),
      { replace: true },
    );
  }

  return (
    <div className="stack">
      <form className="fields audit-filter" onSubmit={submit}>
        {(["action", "subject"] as const).map((name) => (
          <TextField
            key={name}
            label={t(`audit.${name}`)}
            spellCheck={false}
            placeholder={name === "action" ? "role_given" : "campaign:…"}
            value={filter[name]}
            put={(value) => setFilter({ ...filter, [name]: value })}
          />
        ))}
        <button type="submit" className="button">
          {t("audit.filter")}
        </button>
      </form>
      <AuditList action={search.get("action") ?? ""} subject={search.get("subject") ?? ""} />
    </div>
  );
}
