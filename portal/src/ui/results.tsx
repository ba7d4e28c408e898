/** An answer: rows that come as they are scrolled to, and what can be done with them. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { grouped, number } from "../lib/format";
import { formats } from "../lib/formats";
import type { Format } from "../lib/formats";
import { copy, toast } from "../lib/page";
import { send } from "../lib/samp";
import { BASE, ROOT, answerAt, sentence } from "../lib/service";
import type { Column, Row } from "../lib/service";
import { recipes } from "../lib/source";
import type { Source } from "../lib/source";
import { Icon, Menu, State, useChanges } from "./parts";
import { PlotDialog } from "./plot";

const HEIGHT = 30;
/** Browsers cannot make boxes much higher than this many pixels. */
const HIGHEST = 30_000_000;
const SPARE = 12;

const NUMBERS = new Set(["short", "int", "long", "float", "double", "unsignedByte"]);
export const isNumber = (column: Column) => NUMBERS.has(column.datatype) && !column.arraysize;

interface Props {
  source: Source | undefined;
  hovered?: number;
  picked?: number;
  onHover?: (index: number | undefined) => void;
  onPick?: (index: number | undefined) => void;
  /** Whether the columns that only the map needs are hidden first. */
  hidden?: string[];
  empty?: string;
}

export function Results(props: Props) {
  const { source } = props;
  useChanges(source);
  const [hidden, setHidden] = useState<Set<string>>(new Set(props.hidden));
  const [filter, setFilter] = useState("");
  const [plot, setPlot] = useState(false);
  useEffect(() => setFilter(""), [source]);
  const columns = useMemo(() => source?.columns.filter((it) => !hidden.has(it.name)) ?? [], [source?.columns, hidden]);
  const found = useMemo(() => {
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    if (!source || !words.length) return undefined;
    const places: number[] = [];
    source.rows.forEach((row, at) => {
      if (!row) return;
      const text = columns.map((column) => shown(row[column.name], column)).join("\t").toLowerCase();
      if (words.every((word) => text.includes(word))) places.push(at);
    });
    return places;
  }, [filter, source, source?.known, source?.order, columns]);

  if (!source) {
    return (
      <State icon="empty" title="Nothing asked yet">
        <p>{props.empty ?? "Rows appear here."}</p>
      </State>
    );
  }
  const loaded = source.rows.length;
  return (
    <section class="results" aria-label="Rows">
      <div class="results-bar">
        <p class="count num" role="status">
          {source.busy ? (
            <>
              <span class="busy" /> Asking …
            </>
          ) : source.error && !loaded ? (
            <span class="chip bad">Failed</span>
          ) : (
            <Count source={source} found={found?.length} />
          )}
        </p>
        {loaded > 0 && (
          <div class="row tools">
            <input type="search" class="filter" aria-label="Only rows with these words" placeholder="Filter" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
            <ColumnsMenu columns={source.columns} hidden={hidden} change={setHidden} />
            <button type="button" class="btn" onClick={() => setPlot(true)}>
              <Icon name="chart" />
              Plot
            </button>
            <DownloadMenu source={source} />
            <Menu label="Send" icon="send" title="To other programs">
              {(close) => <SendSheet source={source} close={close} />}
            </Menu>
          </div>
        )}
      </div>
      <div class={`bar${source.busy ? " on" : ""}`} />
      {source.error && !loaded ? (
        <div class="in">
          <div class="note bad" role="alert">
            <Icon name="alert" />
            <pre>{source.error}</pre>
          </div>
        </div>
      ) : !loaded && !source.busy ? (
        <State icon="empty" title="No rows">
          <p>The query is good and finds nothing. A wider position, time or band may.</p>
        </State>
      ) : (
        <>
          {source.overflow && (
            <p class="note warn">
              The answer was cut off after {grouped(loaded)} rows, which is as many as one request shows here. Download it for more, or narrow the query.
            </p>
          )}
          <Grid {...props} source={source} columns={columns} places={found} />
        </>
      )}
      {plot && <PlotDialog source={source} close={() => setPlot(false)} />}
    </section>
  );
}

function Count({ source, found }: { source: Source; found: number | undefined }) {
  const total = source.total === undefined ? `more than ${grouped(source.known)}` : grouped(source.total);
  return (
    <>
      <b>{total}</b> {source.total === 1 ? "row" : "rows"}
      {found !== undefined && (
        <span>
          {" "}
          · {grouped(found)} of {grouped(source.known)} loaded have these words
        </span>
      )}
      <span class="dim"> · {source.seconds < 1 ? `${Math.round(source.seconds * 1000)} ms` : `${source.seconds.toFixed(1)} s`}</span>
    </>
  );
}

/** A value as text. */
export function shown(value: unknown, column: Column): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return /^em_(min|max)$/.test(column.name) || !Number.isInteger(value) ? number(value) : String(value);
  if (Array.isArray(value)) return value.map((it) => (typeof it === "number" ? number(it) : String(it))).join(" ");
  return String(value);
}

/** The type as people say it. */
export const typeOf = (column: Column) => `${column.xtype ?? column.datatype}${column.arraysize && !column.xtype && column.datatype !== "char" && column.datatype !== "unicodeChar" ? `[${column.arraysize}]` : ""}`.replace(/^(char|unicodeChar)$/, "text");

function widths(columns: Column[], rows: (Row | undefined)[]): number[] {
  const sample = rows.slice(0, 60);
  return columns.map((column) => {
    let longest = Math.max(column.name.length + 2, (column.unit?.length ?? 0) + 1);
    for (const row of sample) if (row) longest = Math.max(longest, shown(row[column.name], column).length);
    return Math.round(Math.min(34, longest) * 7.8 + 28);
  });
}

function Grid({ source, columns, places, hovered, picked, onHover, onPick }: Props & { source: Source; columns: Column[]; places: number[] | undefined }) {
  const host = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [view, setView] = useState(400);
  const [tip, setTip] = useState<{ column: Column; x: number } | undefined>();
  const count = places ? places.length : (source.total ?? source.known + 200);
  const scale = Math.max(1, (count * HEIGHT) / HIGHEST);
  const from = Math.max(0, Math.floor((top * scale) / HEIGHT) - SPARE);
  const to = Math.min(count, Math.ceil((top * scale + view) / HEIGHT) + SPARE);
  const sizes = useMemo(() => widths(columns, source.rows), [columns, source, source.known > 0]);

  useEffect(() => {
    if (!places) source.want(from, to);
  });
  useLayoutEffect(() => {
    const box = host.current;
    if (!box) return;
    const observer = new ResizeObserver(() => setView(box.clientHeight));
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  // Another order, another answer: from the first row.
  useEffect(() => host.current?.scrollTo(0, 0), [source, source.order]);
  // A row that was picked elsewhere is scrolled to.
  useEffect(() => {
    const box = host.current;
    if (!box || picked === undefined) return;
    const place = places ? places.indexOf(picked) : picked;
    if (place < 0) return;
    const at = (place * HEIGHT) / scale;
    if (at < box.scrollTop || at > box.scrollTop + box.clientHeight - 3 * HEIGHT) box.scrollTop = Math.max(0, at - box.clientHeight / 3);
  }, [picked]);

  const key = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step || !onPick || (event.target as HTMLElement).closest("th")) return;
    event.preventDefault();
    const now = picked === undefined ? -1 : places ? places.indexOf(picked) : picked;
    const next = Math.max(0, Math.min(count - 1, now + step));
    onPick(places ? places[next] : next);
  };
  const sort = (column: Column) => {
    const { order } = source;
    if (order?.column !== column.name) void source.sort({ column: column.name, down: false });
    else if (!order.down) void source.sort({ column: column.name, down: true });
    else void source.sort(undefined);
    onPick?.(undefined);
  };
  const drawn = [];
  for (let at = from; at < to; at++) {
    const index = places ? places[at] : at;
    const row = source.rows[index];
    drawn.push(
      <tr
        key={index}
        aria-rowindex={at + 2}
        aria-selected={index === picked}
        class={index === picked ? "picked" : index === hovered ? "hovered" : undefined}
        onMouseEnter={onHover && (() => onHover(index))}
        onClick={onPick && (() => onPick(index === picked ? undefined : index))}
      >
        {columns.map((column) => (
          <td key={column.name} class={isNumber(column) ? "r" : undefined}>
            {row ? <Cell value={row[column.name]} column={column} row={row} /> : <span class="ghost">······</span>}
          </td>
        ))}
        <td class="rest" />
      </tr>,
    );
  }
  const above = (from * HEIGHT) / scale;
  const below = Math.max(0, ((count - to) * HEIGHT) / scale);
  return (
    <div class="grid-host">
      <div class="grid" ref={host} tabIndex={0} role="region" aria-label="Table of rows" onScroll={(event) => setTop(event.currentTarget.scrollTop)} onMouseLeave={() => onHover?.(undefined)} onKeyDown={key}>
        <table aria-rowcount={count + 1} style={{ width: `${sizes.reduce((sum, it) => sum + it, 0)}px` }}>
          <colgroup>
            {sizes.map((size, at) => (
              <col key={at} style={{ width: `${size}px` }} />
            ))}
            <col />
          </colgroup>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column.name} scope="col" class={isNumber(column) ? "r" : undefined} aria-sort={source.order?.column !== column.name ? undefined : source.order.down ? "descending" : "ascending"}>
                  <button
                    type="button"
                    onClick={() => sort(column)}
                    onMouseEnter={(event) => setTip({ column, x: event.currentTarget.getBoundingClientRect().left - host.current!.getBoundingClientRect().left })}
                    onMouseLeave={() => setTip(undefined)}
                    onFocus={(event) => setTip({ column, x: event.currentTarget.getBoundingClientRect().left - host.current!.getBoundingClientRect().left })}
                    onBlur={() => setTip(undefined)}
                    aria-describedby={tip?.column === column ? "column-tip" : undefined}
                  >
                    <span>
                      {column.name}
                      {source.order?.column === column.name && <Icon name={source.order.down ? "down" : "up"} />}
                    </span>
                    <small>{column.unit || "\u00a0"}</small>
                  </button>
                </th>
              ))}
              <th class="rest" aria-hidden="true" />
            </tr>
          </thead>
          <tbody>
            {above > 0 && <tr aria-hidden="true" style={{ height: `${above}px` }} />}
            {drawn}
            {below > 0 && <tr aria-hidden="true" style={{ height: `${below}px` }} />}
          </tbody>
        </table>
      </div>
      {tip && (
        <div class="tip" id="column-tip" role="tooltip" style={{ left: `${Math.max(8, Math.min(tip.x, (host.current?.clientWidth ?? 400) - 300))}px` }}>
          <b>{tip.column.name}</b>
          {tip.column.description && <p>{tip.column.description}</p>}
          <dl>
            <dt>Type</dt>
            <dd>{typeOf(tip.column)}</dd>
            {tip.column.unit && (
              <>
                <dt>Unit</dt>
                <dd>{tip.column.unit}</dd>
              </>
            )}
            {tip.column.ucd && (
              <>
                <dt>UCD</dt>
                <dd>{tip.column.ucd}</dd>
              </>
            )}
          </dl>
        </div>
      )}
    </div>
  );
}

/** Only the web: a table may hold any text. */
export const isWeb = (text: string) => /^https?:\/\/[^\s]+$/i.test(text);

function Cell({ value, column, row }: { value: unknown; column: Column; row: Row }) {
  const text = shown(value, column);
  if (!text) return <span class="null">–</span>;
  if (column.name === "obs_publisher_did") {
    return (
      <a href={`${ROOT}/row#did=${encodeURIComponent(text)}`} title={text} onClick={(event) => event.stopPropagation()}>
        {text}
      </a>
    );
  }
  if (typeof value === "string" && isWeb(value)) {
    return (
      <a href={value} rel="noopener noreferrer" target="_blank" title={value} onClick={(event) => event.stopPropagation()}>
        {value}
      </a>
    );
  }
  const did = column.name === "obs_id" ? row.obs_publisher_did : undefined;
  if (typeof did === "string") {
    return (
      <a href={`${ROOT}/row#did=${encodeURIComponent(did)}`} onClick={(event) => event.stopPropagation()}>
        {text}
      </a>
    );
  }
  return <span title={text.length > 30 ? text : undefined}>{text}</span>;
}

function ColumnsMenu({ columns, hidden, change }: { columns: Column[]; hidden: Set<string>; change: (hidden: Set<string>) => void }) {
  return (
    <Menu label="Columns" icon="columns">
      {() => (
        <>
          <div class="row spread pad">
            <button type="button" class="btn small quiet" onClick={() => change(new Set())}>
              All
            </button>
            <button type="button" class="btn small quiet" onClick={() => change(new Set(columns.slice(1).map((it) => it.name)))}>
              None
            </button>
          </div>
          {columns.map((column) => (
            <label key={column.name} class="check pad" title={column.description ?? undefined}>
              <input
                type="checkbox"
                checked={!hidden.has(column.name)}
                onChange={() => {
                  const next = new Set(hidden);
                  if (!next.delete(column.name)) next.add(column.name);
                  change(next);
                }}
              />
              <code>{column.name}</code>
              <small>{column.unit}</small>
            </label>
          ))}
        </>
      )}
    </Menu>
  );
}

/** Addresses longer than that are not taken everywhere. */
const LONGEST = 7000;

function DownloadMenu({ source }: { source: Source }) {
  const [known, setKnown] = useState<Format[]>([]);
  useEffect(() => {
    formats().then(setKnown, (error) => toast(sentence(error)));
  }, []);
  const maxrec = source.total ? Math.max(source.total, 1) : undefined;
  return (
    <Menu label="Download" icon="download">
      {(close) => (
        <>
          <h3>The whole answer as</h3>
          {known.map((format) => {
            const address = answerAt(source.text(), format.alias, maxrec, ROOT);
            return address.length > LONGEST ? (
              <form key={format.alias} method="post" action={`${ROOT}/tap/sync`} onSubmit={() => setTimeout(close)}>
                <input type="hidden" name="LANG" value="ADQL" />
                <input type="hidden" name="QUERY" value={source.text()} />
                <input type="hidden" name="RESPONSEFORMAT" value={format.alias} />
                {maxrec && <input type="hidden" name="MAXREC" value={maxrec} />}
                <button type="submit" class="btn quiet">
                  {format.title}
                </button>
              </form>
            ) : (
              <a key={format.alias} href={address} download onClick={() => setTimeout(close)}>
                {format.title} <small>{format.alias}</small>
              </a>
            );
          })}
        </>
      )}
    </Menu>
  );
}

function SendSheet({ source, close }: { source: Source; close: () => void }) {
  const query = source.text();
  const bySamp = async () => {
    close();
    try {
      const count = await send(answerAt(query, "votable", source.total), "Observations");
      toast(count ? `Sent to ${count} program${count > 1 ? "s" : ""}` : "No program there takes tables. Open TOPCAT or Aladin, then send again.", 6);
    } catch (error) {
      toast(sentence(error), 6);
    }
  };
  return (
    <>
      <h3>To programs on this machine</h3>
      <button type="button" onClick={bySamp}>
        TOPCAT, Aladin … <small>SAMP</small>
      </button>
      <h3>Copy as</h3>
      {recipes(query, `${BASE}/tap`).map(({ name, text }) => (
        <button
          key={name}
          type="button"
          onClick={() => {
            close();
            void copy(text);
          }}
        >
          {name}
        </button>
      ))}
      <button
        type="button"
        onClick={() => {
          close();
          void copy(answerAt(query, "votable"));
        }}
      >
        Address of the answer <small>VOTable</small>
      </button>
    </>
  );
}
