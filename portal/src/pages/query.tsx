/** Writing ADQL: editor, tables, examples, history, answer, plan. */
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import "../lib/page";
import { age } from "../lib/format";
import { formats } from "../lib/formats";
import { laidOut } from "../lib/layout";
import { copy, toast } from "../lib/page";
import { examples as fetchExamples, schema as fetchSchema } from "../lib/schema";
import type { Example, Schema } from "../lib/schema";
import { BASE, ROOT, sentence, startJob } from "../lib/service";
import type { Judged, Upload } from "../lib/service";
import { Source } from "../lib/source";
import { mine } from "../lib/uws";
import { Editor, mend } from "../ui/editor";
import { MapView } from "../ui/map";
import { Icon, Menu, State, Tabs, useChanges } from "../ui/parts";
import { Results, typeOf } from "../ui/results";

const FIRST_TEXT = `SELECT TOP 100 obs_id, obs_title, s_ra, s_dec, t_min, t_exptime, s_region
FROM ivoa.obscore
ORDER BY t_min DESC`;

interface Past {
  text: string;
  at: string;
}

/** Queries that were run here, the latest first; they stay in this browser. */
const past = {
  read(): Past[] {
    try {
      return JSON.parse(localStorage.getItem("queries") ?? "[]") as Past[];
    } catch {
      return [];
    }
  },
  add(text: string): Past[] {
    const list = [{ text, at: new Date().toISOString() }, ...past.read().filter((it) => it.text !== text)].slice(0, 50);
    past.write(list);
    return list;
  },
  write(list: Past[]): void {
    try {
      localStorage.setItem("queries", JSON.stringify(list));
    } catch {
      // Storage may be forbidden or full; the list holds for this page.
    }
  },
};

function begin(): { text: string; run: boolean } {
  const fields = new URLSearchParams(location.hash.slice(1).replaceAll("+", "%2B"));
  const last = past.read()[0]?.text;
  return { text: fields.get("adql") ?? last ?? FIRST_TEXT, run: fields.has("adql") && fields.has("run") };
}

function Query() {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | undefined>(undefined);
  const [judged, setJudged] = useState<Judged>();
  const [source, setSource] = useState<Source>();
  const [side, setSide] = useState<"tables" | "examples" | "history">("tables");
  const [below, setBelow] = useState<"rows" | "map" | "plan">("rows");
  const [history, setHistory] = useState(past.read);
  const [schema, setSchema] = useState<Schema>();
  const [uploads, setUploads] = useState<Upload[]>([]);
  const [hovered, setHovered] = useState<number>();
  const [picked, setPicked] = useState<number>();
  const latest = useRef<Source | undefined>(undefined);
  const brought = useRef(uploads);
  brought.current = uploads;
  useChanges(source);

  const run = () => {
    const text = editor.current?.text.trim();
    if (!text) return;
    latest.current?.close();
    const next = new Source(text, 1000, brought.current);
    latest.current = next;
    setPicked(undefined);
    setSource(next);
    setBelow((now) => (now === "plan" ? "rows" : now));
    void next.open();
    setHistory(past.add(text));
    window.history.replaceState(null, "", `#adql=${encodeURIComponent(text)}`);
  };
  const runRef = useRef(run);
  runRef.current = run;

  useEffect(() => {
    const { text, run: now } = begin();
    const made = new Editor(host.current!, text, {
      changed: () => undefined,
      judged: setJudged,
      run: () => runRef.current(),
    });
    editor.current = made;
    (host.current as HTMLDivElement & { editor?: Editor }).editor = made;
    fetchSchema().then((it) => {
      setSchema(it);
      made.schema = it;
    }, (error) => toast(sentence(error)));
    if (now) runRef.current();
    return () => made.view.destroy();
  }, []);

  const take = (text: string) => {
    editor.current?.replace(text);
    editor.current?.view.focus();
  };
  const asJob = async (format: string) => {
    try {
      const id = await startJob({ query: editor.current!.text, uploads }, format);
      setHistory(past.add(editor.current!.text));
      mine.add(id);
      location.href = `${ROOT}/jobs#${id}`;
    } catch (error) {
      toast(sentence(error), 8);
    }
  };
  const problems = uploads.length ? (judged?.messages.filter((it) => !/TAP_UPLOAD/i.test(it.sentence)) ?? []) : (judged?.messages ?? []);
  return (
    <div class="query-page">
      <aside class="side" aria-label="Help with writing">
        <Tabs label="Help" now={side} choose={setSide} tabs={[["tables", "Tables"], ["examples", "Examples"], ["history", "History"]]} />
        <div class="side-in" role="tabpanel" id={`panel-${side}`} aria-labelledby={`tab-${side}`} tabIndex={0}>
          {side === "tables" && <TablesSide schema={schema} insert={(text) => editor.current?.insert(text)} />}
          {side === "examples" && <ExamplesSide take={take} />}
          {side === "history" && (
            <HistorySide
              list={history}
              take={take}
              clear={() => {
                past.write([]);
                setHistory([]);
              }}
            />
          )}
        </div>
      </aside>
      <div class="desk">
        <h1 class="visually-hidden">Query</h1>
        <div class="editor" ref={host} />
        <div class="problems" aria-live="polite">
          {problems.slice(0, 3).map((it) => (
            <div key={it.sentence} class="problem">
              <Icon name="alert" />
              <span>
                {it.sentence}
                {it.place ? <span class="dim"> (line {it.place.line})</span> : null}
                {it.hint && <span class="dim"> — {it.hint}</span>}
              </span>
              {it.fix && (
                <button type="button" class="btn small" onClick={() => mend(editor.current!.view, it.fix!.query)}>
                  Fix: {it.fix.what}
                </button>
              )}
            </div>
          ))}
        </div>
        <div class="desk-bar">
          <button type="button" class="btn primary" onClick={run} title="Ctrl + Enter">
            <Icon name="play" />
            Run
          </button>
          <JobMenu start={asJob} />
          <UploadButton uploads={uploads} change={setUploads} />
          <span class="grow" />
          <button type="button" class="btn quiet" onClick={() => take(laidOut(editor.current!.text))}>
            Format
          </button>
          <button type="button" class="btn quiet" onClick={() => void copy(`${BASE}/query#adql=${encodeURIComponent(editor.current!.text)}`)}>
            <Icon name="link" />
            Copy link
          </button>
        </div>
        <div class="below">
          <Tabs label="Answer" now={below} choose={setBelow} tabs={[["rows", "Rows"], ["map", "Map"], ["plan", "Explain"]]} />
          <div class="below-in" role="tabpanel" id={`panel-${below}`} aria-labelledby={`tab-${below}`}>
            {below === "rows" && <Results source={source} hovered={hovered} picked={picked} onHover={setHovered} onPick={setPicked} empty="Run a query, with the button or with Ctrl + Enter." />}
            {below === "map" &&
              (source && !source.busy && !source.columns.some((it) => it.name === "s_region" || it.name === "s_ra") ? (
                <State icon="empty" title="Nothing to draw">
                  <p>
                    Ask for <code>s_region</code>, or for <code>s_ra</code> and <code>s_dec</code>, to see them on the sky.
                  </p>
                </State>
              ) : (
                <MapView source={source} region={undefined} hovered={hovered} picked={picked} onHover={setHovered} onPick={setPicked} />
              ))}
            {below === "plan" && <Plan judged={judged} />}
          </div>
        </div>
      </div>
    </div>
  );
}

function JobMenu({ start }: { start: (format: string) => Promise<void> }) {
  const [known, setKnown] = useState<[string, string][]>([["votable", "VOTable"]]);
  useEffect(() => {
    formats().then((list) => setKnown(list.map((it) => [it.alias, it.title])), () => undefined);
  }, []);
  return (
    <Menu label="Run as a job" icon="clock" left title="For queries that take long; the result is kept">
      {(close) => (
        <>
          <h3>Result as</h3>
          {known.map(([alias, title]) => (
            <button
              key={alias}
              type="button"
              onClick={() => {
                close();
                void start(alias);
              }}
            >
              {title}
            </button>
          ))}
        </>
      )}
    </Menu>
  );
}

function UploadButton({ uploads, change }: { uploads: Upload[]; change: (uploads: Upload[]) => void }) {
  const add = (input: HTMLInputElement) => {
    const made = [...(input.files ?? [])].map((file) => {
      const plain = file.name.toLowerCase().replace(/\..*$/, "").replace(/\W+/g, "_").replace(/^[^a-z]+/, "");
      return { name: plain || `table${uploads.length + 1}`, file };
    });
    input.value = "";
    change([...uploads.filter((old) => !made.some((it) => it.name === old.name)), ...made]);
  };
  return (
    <>
      <label class="btn attach">
        <Icon name="plus" />
        Bring a table
        <input type="file" class="visually-hidden" multiple accept=".vot,.xml,.csv,.tsv,.fits,.fit,.parquet,.gz" onChange={(event) => add(event.currentTarget)} />
      </label>
      {uploads.map(({ name, file }) => (
        <button key={name} type="button" class="chip live" title={`${file.name}, ${file.size} bytes. Click to leave it out.`} onClick={() => change(uploads.filter((it) => it.name !== name))}>
          TAP_UPLOAD.{name} <Icon name="close" />
        </button>
      ))}
    </>
  );
}

function TablesSide({ schema, insert }: { schema: Schema | undefined; insert: (text: string) => void }) {
  const [word, setWord] = useState("");
  if (!schema) return <p class="dim pad">Loading …</p>;
  const wanted = word.toLowerCase();
  return (
    <>
      <input type="search" class="side-filter" placeholder="Find a column" aria-label="Find a column" value={word} onInput={(event) => setWord(event.currentTarget.value)} />
      {schema.tables.map((table, at) => {
        const columns = table.columns.filter((it) => !wanted || `${it.name} ${it.description} ${it.ucd}`.toLowerCase().includes(wanted));
        if (wanted && !columns.length) return null;
        return (
          <details key={table.name} open={at === 0 || !!wanted} class="tree">
            <summary title={table.description}>
              <code>{table.name}</code>
              <small class="dim">{columns.length}</small>
            </summary>
            <ul>
              {columns.map((column) => (
                <li key={column.name}>
                  <button type="button" title={[column.description, column.ucd].filter(Boolean).join("\n")} onClick={() => insert(column.name)}>
                    <code class={column.indexed ? "indexed" : undefined}>{column.name}</code>
                    <small>{column.unit || column.datatype}</small>
                  </button>
                </li>
              ))}
            </ul>
          </details>
        );
      })}
    </>
  );
}

function ExamplesSide({ take }: { take: (text: string) => void }) {
  const [list, setList] = useState<Example[]>();
  useEffect(() => {
    fetchExamples().then(setList, (error) => toast(sentence(error)));
  }, []);
  if (!list) return <p class="dim pad">Loading …</p>;
  return (
    <ul class="takes">
      {list.map((it) => (
        <li key={it.name}>
          <button type="button" onClick={() => take(it.query)}>
            <b>{it.name}</b>
            <span class="dim">{it.description}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function HistorySide({ list, take, clear }: { list: Past[]; take: (text: string) => void; clear: () => void }) {
  if (!list.length) {
    return (
      <State icon="clock" title="Nothing yet">
        <p>Queries that you run are kept here, in this browser alone.</p>
      </State>
    );
  }
  return (
    <>
      <ul class="takes">
        {list.map((it) => (
          <li key={it.at}>
            <button type="button" onClick={() => take(it.text)}>
              <code>{it.text}</code>
              <span class="dim">{age(it.at)}</span>
            </button>
          </li>
        ))}
      </ul>
      <button type="button" class="btn small quiet" onClick={clear}>
        Forget all
      </button>
    </>
  );
}

function Plan({ judged }: { judged: Judged | undefined }) {
  if (!judged?.sql) {
    return (
      <State icon="code" title="Nothing to explain">
        <p>{judged?.messages.length ? "Something is wrong with the query; it is told above." : "Write a query first."}</p>
      </State>
    );
  }
  return (
    <div class="plan">
      <section>
        <h2>Columns of the answer</h2>
        <div class="scroll" tabIndex={0} role="region" aria-label="Columns of the answer">
          <table class="plain">
            <thead>
              <tr>
                <th>Name</th>
                <th>Type</th>
                <th>Unit</th>
                <th>UCD</th>
                <th>What it is</th>
              </tr>
            </thead>
            <tbody>
              {judged.columns.map((it, at) => (
                <tr key={at}>
                  <td>
                    <code>{it.name}</code>
                  </td>
                  <td>{typeOf(it)}</td>
                  <td>{it.unit}</td>
                  <td>
                    <code>{it.ucd}</code>
                  </td>
                  <td>{it.description}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <section>
        <h2>What the database is asked</h2>
        <p class="dim">Conditions on the sky have become ranges of cells of the index; values stand beside the text as parameters.</p>
        <div class="code">
          <pre id="sql">{judged.sql}</pre>
          <button type="button" class="btn small copy" data-copy="sql">
            Copy
          </button>
        </div>
      </section>
    </div>
  );
}

const host = document.getElementById("app")!;
host.replaceChildren();
render(<Query />, host);
