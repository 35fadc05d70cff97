import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { number } from "../i18n/format";
import { Choice } from "../ui/Field";
import { Answered, Empty, Stale } from "../ui/states";
import { type BoardRow, type Campaign, useBoard } from "./queries";
import { barPercent, type Move, moved } from "./ranks";
import { useGlide } from "./useGlide";

/** Rows in sight before one asks for more, and how many come then. */
const ROWS_STEP = 50;

/** The live board: options by their tickets, and how they moved. */
export function Board(props: {
  campaign: Campaign;
  channel: string;
  chooseChannel: (key: string) => void;
  chosen: string | undefined;
  choose: (option: string) => void;
}) {
  const { t } = useTranslation();
  const { campaign, channel } = props;
  const asked = useBoard(campaign.campaign_id, channel);
  const channels = campaign.channels.map(({ key, name }) => [key, name] as const);
  return (
    <section className="stack" aria-label={t("board.title")}>
      <div className="row row-apart">
        <h2>
          {t("board.title")} <Stale error={asked.data && asked.error} />
        </h2>
        {channels.length > 1 && (
          <Choice
            label={t("board.channel")}
            value={channel}
            of={[["", t("board.allChannels")], ...channels]}
            choose={props.chooseChannel}
          />
        )}
      </div>
      <Answered asked={asked}>
        {(board) => (
          <Rows {...props} key={`${channel} ${asked.isPlaceholderData}`} rows={board.options} />
        )}
      </Answered>
    </section>
  );
}

function Rows(props: {
  rows: readonly BoardRow[];
  chosen: string | undefined;
  choose: (option: string) => void;
}) {
  const { t } = useTranslation();
  const { rows, chosen } = props;
  const moves = useMoves(rows);
  const [nShown, setNShown] = useState(ROWS_STEP);
  const [wanted, setWanted] = useState("");
  const words = wanted.trim().toLowerCase();
  const found = words ? rows.filter(({ name }) => name.toLowerCase().includes(words)) : rows;
  const list = useGlide<HTMLOListElement>(found);
  const most = rows[0]?.votes ?? 0;
  return (
    <>
      {rows.length > 12 && (
        <input
          type="search"
          className="input"
          aria-label={t("board.find")}
          placeholder={t("board.find")}
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      )}
      {found.length === 0 && <Empty>{t("board.noneFound")}</Empty>}
      <ol className="board" ref={list}>
        {found.slice(0, nShown).map((row) => (
          <li key={row.option} data-key={row.option}>
            <button
              type="button"
              className="board-row"
              aria-pressed={row.option === chosen}
              onClick={() => props.choose(row.option === chosen ? "" : row.option)}
            >
              <Row row={row} most={most} move={moves.get(row.option)} />
            </button>
          </li>
        ))}
      </ol>
      {found.length > nShown && (
        <div>
          <button type="button" className="button" onClick={() => setNShown(nShown + ROWS_STEP)}>
            {t("state.more")}
          </button>
        </div>
      )}
    </>
  );
}

function Row({ row, most, move }: { row: BoardRow; most: number; move: Move | undefined }) {
  const { t, i18n } = useTranslation();
  return (
    <>
      <span className="board-rank numbers">
        <span className="unseen">{t("board.rank")} </span>
        {number(i18n.language, row.rank)}
      </span>
      <span className="board-name">{row.name}</span>
      <span className="board-move numbers">
        {move && (
          <span className={move.ranks > 0 ? "board-up" : "board-down"}>
            <span aria-hidden="true">{move.ranks > 0 ? "▲" : "▼"}</span>
            <span className="unseen">{move.ranks > 0 ? t("board.gained") : t("board.lost")} </span>
            {number(i18n.language, Math.abs(move.ranks))}
          </span>
        )}
      </span>
      <span className="board-votes numbers">
        {number(i18n.language, row.votes)}
        <span className="unseen"> {t("board.tickets", { count: row.votes })}</span>
      </span>
      <span className="board-bar" aria-hidden="true">
        <span style={{ inlineSize: `${barPercent(row.votes, most)}%` }} />
      </span>
    </>
  );
}

/** How options moved from one board to the next. */
function useMoves(rows: readonly BoardRow[]): ReadonlyMap<string, Move> {
  const before = useRef(rows);
  const [moves, setMoves] = useState<ReadonlyMap<string, Move>>(new Map());
  useEffect(() => {
    if (before.current === rows) return;
    const old = before.current;
    before.current = rows;
    setMoves((shown) => moved(shown, old, rows, Date.now()));
  }, [rows]);
  return moves;
}
