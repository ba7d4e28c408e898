/** The tables with their columns, keys and what is known of their values. */
import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import "../lib/page";
import { grouped } from "../lib/format";
import { schema as fetchSchema } from "../lib/schema";
import type { Schema, SchemaColumn, Table } from "../lib/schema";
import { Refused, ROOT, rows, sentence } from "../lib/service";
import { Icon, State } from "../ui/parts";

function Browser() {
  const [schema, setSchema] = useState<Schema>();
  const [error, setError] = useState("");
  const [word, setWord] = useState("");
  const [chosen, setChosen] = useState(decodeURIComponent(location.hash.slice(1)));
  useEffect(() => {
    fetchSchema().then(setSchema, (it) => setError(sentence(it)));
    const turned = () => setChosen(decodeURIComponent(location.hash.slice(1)));
    addEventListener("hashchange", turned);
    return () => removeEventListener("hashchange", turned);
  }, []);
  if (error) return <State icon="alert" title={error} />;
  if (!schema) {
    return (
      <div class="wide" aria-busy="true">
        <div class="page-head">
          <h1>Tables</h1>
        </div>
        <p class="ghost line">Loading</p>
      </div>
    );
  }
  const table = schema.tables.find((it) => it.name === chosen) ?? schema.tables[0];
  const schemas = [...new Set(schema.tables.map((it) => it.schema))];
  return (
    <div class="wide schema-page">
      <nav class="schema-list" aria-label="Tables">
        {schemas.map((name) => (
          <section key={name}>
            <h2>{name}</h2>
            <ul>
              {schema.tables
                .filter((it) => it.schema === name)
                .map((it) => (
                  <li key={it.name}>
                    <a href={`#${encodeURIComponent(it.name)}`} aria-current={it === table ? "true" : undefined}>
                      <code>{it.name.replace(`${name}.`, "")}</code>
                      <small>{it.columns.length}</small>
                    </a>
                  </li>
                ))}
            </ul>
          </section>
        ))}
      </nav>
      {table ? <TableView key={table.name} table={table} word={word} setWord={setWord} /> : <State icon="empty" title="No tables" />}
    </div>
  );
}

const sample = (table: Table) => `SELECT TOP 20 *\nFROM ${table.name}`;

function TableView({ table, word, setWord }: { table: Table; word: string; setWord: (word: string) => void }) {
  const [count, setCount] = useState<number | undefined>(table.rows);
  const [looked, setLooked] = useState<string>();
  useEffect(() => {
    if (table.rows !== undefined) return;
    rows<{ n: number }>({ query: `SELECT COUNT(*) AS n FROM ${table.name}` }).then(
      ([{ n }]) => setCount(n),
      () => undefined,
    );
  }, [table]);
  const wanted = word.toLowerCase();
  const columns = useMemo(
    () => table.columns.filter((it) => !wanted || `${it.name} ${it.description} ${it.ucd} ${it.unit}`.toLowerCase().includes(wanted)),
    [table, wanted],
  );
  return (
    <section class="schema-main">
      <div class="page-head">
        <h1>
          <code>{table.name}</code>
        </h1>
        <p>{table.description}</p>
      </div>
      <div class="row spread schema-bar">
        <p class="num">
          {count !== undefined && (
            <>
              <b>{grouped(count)}</b> rows ·{" "}
            </>
          )}
          <b>{table.columns.length}</b> columns
        </p>
        <div class="row">
          <input type="search" aria-label="Find a column" placeholder="Find a column" value={word} onInput={(event) => setWord(event.currentTarget.value)} />
          <a class="btn" href={`${ROOT}/query#adql=${encodeURIComponent(sample(table))}&run`}>
            <Icon name="play" />
            First rows
          </a>
        </div>
      </div>
      <div class="card scroll" tabIndex={0} role="region" aria-label="Columns">
        <table class="plain columns">
          <thead>
            <tr>
              <th>Column</th>
              <th>Type</th>
              <th>Unit</th>
              <th>What it is</th>
              <th>UCD</th>
              <th>
                <span class="visually-hidden">Values</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {columns.map((column) => (
              <ColumnRow key={column.name} table={table} column={column} open={looked === column.name} toggle={() => setLooked(looked === column.name ? undefined : column.name)} />
            ))}
          </tbody>
        </table>
        {!columns.length && <State icon="empty" title="No column has these words" />}
      </div>
      {table.keys.length > 0 && (
        <section class="keys">
          <h2>Joins</h2>
          <ul>
            {table.keys.map((key) => (
              <li key={key.target + key.columns.join()}>
                <a href={`#${encodeURIComponent(key.target)}`}>
                  <code>{key.target}</code>
                </a>{" "}
                <span class="dim">by {key.columns.map(([from, to]) => (from === to ? from : `${from} = ${to}`)).join(", ")}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </section>
  );
}

function ColumnRow({ table, column, open, toggle }: { table: Table; column: SchemaColumn; open: boolean; toggle: () => void }) {
  return (
    <>
      <tr>
        <td>
          <code class="name">{column.name}</code>
          {column.key && <span class="chip">key</span>}
          {column.indexed && <span class="chip good">indexed</span>}
        </td>
        <td>{column.datatype}</td>
        <td>{column.unit}</td>
        <td>
          {column.description}
          {column.utype && <small class="utype">{column.utype}</small>}
        </td>
        <td>
          <code class="dim">{column.ucd}</code>
        </td>
        <td class="r">
          <button type="button" class="btn small quiet" aria-expanded={open} onClick={toggle}>
            Values
          </button>
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={6} class="values">
            <Values table={table} column={column} />
          </td>
        </tr>
      )}
    </>
  );
}

const NUMERIC = /^(short|int|long|float|double|unsignedByte)$/;

/** What is in a column, asked for when somebody wants to know. */
function Values({ table, column }: { table: Table; column: SchemaColumn }) {
  const [told, setTold] = useState<{ name: string; text: string }[]>();
  const [error, setError] = useState("");
  useEffect(() => {
    const name = `"${column.name}"`;
    const ask = async () => {
      if (NUMERIC.test(column.datatype) || column.datatype === "timestamp") {
        const [row] = await rows({ query: `SELECT COUNT(${name}) AS filled, MIN(${name}) AS least, MAX(${name}) AS most FROM ${table.name}` });
        return [
          { name: "Not NULL", text: grouped(Number(row.filled)) },
          { name: "Least", text: String(row.least ?? "–") },
          { name: "Greatest", text: String(row.most ?? "–") },
        ];
      }
      if (column.datatype !== "text") {
        const [row] = await rows({ query: `SELECT COUNT(${name}) AS filled FROM ${table.name}` });
        return [{ name: "Not NULL", text: grouped(Number(row.filled)) }];
      }
      const found = await rows({ query: `SELECT TOP 12 ${name} AS v, COUNT(*) AS n FROM ${table.name} GROUP BY ${name} ORDER BY n DESC` });
      return found.map((row) => ({ name: row.v === null ? "NULL" : String(row.v), text: grouped(Number(row.n)) }));
    };
    ask().then(setTold, (it) => setError(it instanceof Refused ? it.message : sentence(it)));
  }, []);
  if (error) return <pre class="dim">{error}</pre>;
  if (!told) return <span class="ghost">Counting the values of this column</span>;
  return (
    <dl class="told">
      {told.map(({ name, text }) => (
        <div key={name}>
          <dt>{name || "empty"}</dt>
          <dd class="num">{text}</dd>
        </div>
      ))}
    </dl>
  );
}

const host = document.getElementById("app")!;
host.replaceChildren();
render(<Browser />, host);
