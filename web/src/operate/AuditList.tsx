import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api, type Body } from "../api/client";
import { MINE } from "../session/useSession";
import { More } from "../ui/More";
import { Answered, Empty } from "../ui/states";
import { TableBox } from "../ui/TableBox";
import { At } from "../ui/Time";

type Entry = Body<"AuditBody">;

/** Audit records, newest first. */
export function AuditList({ action, subject }: { action: string; subject: string }) {
  const { t } = useTranslation();
  const asked = useInfiniteQuery({
    queryKey: [MINE, "audit", action, subject],
    queryFn: ({ pageParam, signal }) => {
      const query = {
        action: action || undefined,
        subject: subject || undefined,
        cursor: pageParam,
        limit: 50,
      };
      return answer(api.GET("/api/v1/audit", { params: { query }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const records = asked.data?.pages.flatMap((page) => page.items);
  return (
    <>
      <Answered asked={{ ...asked, data: records }}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t("audit.none")}</Empty>
          ) : (
            <TableBox label={t("operate.audit")}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{t("audit.at")}</th>
                    <th scope="col">{t("audit.who")}</th>
                    <th scope="col">{t("audit.action")}</th>
                    <th scope="col">{t("audit.subject")}</th>
                    <th scope="col">{t("audit.detail")}</th>
                  </tr>
                </thead>
                <tbody>
                  {list.map((record) => (
                    <tr key={record.audit_id}>
                      <td>
                        <At at={record.at} />
                      </td>
                      <td>
                        <Who actor={record.actor} />
                      </td>
                      <td className="mono action-cell">{record.action}</td>
                      <td className="mono wide-cell">{record.subject}</td>
                      <td className="mono wide-cell">{JSON.stringify(record.detail)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </TableBox>
          )
        }
      </Answered>
      <More of={asked} />
    </>
  );
}

function Who({ actor }: { actor: Entry["actor"] }) {
  const { t } = useTranslation();
  if (actor.kind === "user") return actor.user_name ?? actor.user_id;
  if (actor.kind === "partner") {
    return (
      <>
        {t("audit.partner")} <span className="mono">{actor.partner_id}</span>
      </>
    );
  }
  return t("audit.system");
}
