import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, type Body } from "../api/client";
import { MINE } from "../session/useSession";
import { Answered, Empty } from "../ui/states";
import { TextField } from "../ui/TextField";

type Member = Body<"UserBody">;

/** How many members of a like name are offered. */
const SHOWN = 8;

function useMembers(begin: string) {
  return useQuery({
    queryKey: [MINE, "members", begin],
    queryFn: ({ signal }) => {
      const params = { query: { q: begin, limit: SHOWN } };
      return answer(api.GET("/api/v1/users", { params, signal }));
    },
    enabled: begin !== "",
    retry: false,
  });
}

/** A member by account id, which is typed, or found by the beginning of the name. */
export function MemberField(props: { label: string; id: string; change: (id: string) => void }) {
  const { t } = useTranslation();
  const { label, id, change } = props;
  const [begin, setBegin] = useState("");
  const [chosen, setChosen] = useState<Member | null>(null);
  const asked = useMembers(begin.trim());

  function choose(member: Member) {
    setChosen(member);
    setBegin("");
    change(member.user_id);
  }

  return (
    <>
      <div className="stack stack-close">
        <TextField
          label={t("member.find")}
          hint={t("member.findHint")}
          type="search"
          maxLength={32}
          autoCapitalize="none"
          spellCheck={false}
          value={begin}
          put={setBegin}
          onKeyDown={(event) => {
            // It looks for somebody; the form around it is sent by its own button.
            if (event.key === "Enter") event.preventDefault();
          }}
        />
        {begin.trim() !== "" && (
          <Answered asked={asked} rows={1}>
            {({ items }) =>
              items.length === 0 ? (
                <Empty>{t("member.none")}</Empty>
              ) : (
                <ul className="row">
                  {items.map((member) => (
                    <li key={member.user_id}>
                      <button
                        type="button"
                        className="button button-small"
                        onClick={() => choose(member)}
                      >
                        {member.user_name}{" "}
                        <span className="soft">{t(`role.${member.role as "member"}`)}</span>
                      </button>
                    </li>
                  ))}
                </ul>
              )
            }
          </Answered>
        )}
      </div>
      <TextField
        label={label}
        hint={chosen?.user_id === id ? chosen.user_name : t("voter.idHint")}
        required
        spellCheck={false}
        value={id}
        put={change}
      />
    </>
  );
}
