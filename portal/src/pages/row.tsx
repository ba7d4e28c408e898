/** One dataset: its files and services, where and when, and everything that is known of it. */
import { render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import "../lib/page";
import { isOurs, linksOf, term } from "../lib/datalink";
import type { Input, Link, Links, Service } from "../lib/datalink";
import { bytes, fromMjd, sexagesimal, utc, wavelength } from "../lib/format";
import { copy } from "../lib/page";
import { footprint } from "../lib/region";
import { BASE, ROOT, judge, quoted, rows, sentence } from "../lib/service";
import type { Column, Row as Values } from "../lib/service";
import { Icon, State } from "../ui/parts";
import { isWeb, shown } from "../ui/results";
import { SkyMap } from "../ui/skymap";

/** What a column is about, by the beginning of its utype (ObsCore 1.1). */
const PARTS: [string, (column: Column) => boolean][] = [
  ["Dataset", ({ name }) => /^(obs_|dataproduct|calib_level|target|data_rights|publisher|bib|proposal)/.test(name)],
  ["Access", ({ name }) => name.startsWith("access_")],
  ["Sky", ({ name }) => name.startsWith("s_")],
  ["Time", ({ name }) => name.startsWith("t_")],
  ["Spectrum", ({ name }) => name.startsWith("em_")],
  ["Observable", ({ name }) => name.startsWith("o_")],
  ["Polarization", ({ name }) => name.startsWith("pol_")],
  ["Instrument", ({ name }) => /^(facility|instrument)/.test(name)],
];

const wanted = () => new URLSearchParams(location.hash.slice(1).replaceAll("+", "%2B")).get("did") ?? "";
const queryOf = (did: string) => `SELECT *\nFROM ivoa.obscore\nWHERE obs_publisher_did = ${quoted(did)}`;

function RowPage() {
  const [did, setDid] = useState(wanted);
  const [row, setRow] = useState<Values | null>();
  const [columns, setColumns] = useState<Column[]>([]);
  const [links, setLinks] = useState<Links>();
  const [related, setRelated] = useState<Values[]>([]);
  const [error, setError] = useState("");
  useEffect(() => {
    const turned = () => setDid(wanted());
    addEventListener("hashchange", turned);
    return () => removeEventListener("hashchange", turned);
  }, []);
  useEffect(() => {
    setRow(undefined);
    setError("");
    setLinks(undefined);
    setRelated([]);
    if (!did) return;
    const query = queryOf(did);
    Promise.all([rows({ query, maxrec: 1 }), judge(query)]).then(
      ([[found], judged]) => {
        setColumns(judged.columns);
        setRow(found ?? null);
        if (typeof found?.obs_id === "string") {
          const others = `SELECT TOP 24 obs_publisher_did, obs_title, dataproduct_type, dataproduct_subtype\nFROM ivoa.obscore\nWHERE obs_id = ${quoted(found.obs_id)} AND obs_publisher_did <> ${quoted(did)}\nORDER BY obs_publisher_did`;
          rows({ query: others }).then(setRelated, () => undefined);
        }
      },
      (it) => setError(sentence(it)),
    );
    linksOf(did).then(setLinks, () => undefined);
  }, [did]);

  if (!did) {
    return (
      <State icon="empty" title="No observation chosen">
        <p>
          Find one by <a href={`${ROOT}/search`}>searching</a>.
        </p>
      </State>
    );
  }
  if (error) return <State icon="alert" title={error} />;
  if (row === undefined) return <p class="wide ghost line">Loading</p>;
  if (row === null) {
    return (
      <State icon="empty" title="There is no such observation">
        <p>
          <code>{did}</code> is not in the table, or not any more.
        </p>
      </State>
    );
  }
  const title = String(row.obs_title ?? row.target_name ?? row.obs_id ?? did);
  return (
    <div class="wide row-page">
      <div class="page-head">
        <div>
          <h1>{title}</h1>
          <p class="did">
            <code>{did}</code>
            <button type="button" class="btn small quiet" onClick={() => void copy(did)}>
              Copy
            </button>
          </p>
        </div>
      </div>
      <div class="row-top">
        <Summary row={row} />
        <Where row={row} />
      </div>
      <Files row={row} links={links} />
      {links?.services.map((service) => <ServiceForm key={service.id} service={service} />)}
      {related.length > 0 && (
        <section>
          <h2>From the same observation</h2>
          <ul class="related">
            {related.map((it) => (
              <li key={String(it.obs_publisher_did)}>
                <a class="card" href={`#did=${encodeURIComponent(String(it.obs_publisher_did))}`}>
                  <b>{String(it.obs_title ?? it.obs_publisher_did)}</b>
                  <span class="dim">{[it.dataproduct_type, it.dataproduct_subtype].filter(Boolean).join(", ")}</span>
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
      <Everything row={row} columns={columns} />
    </div>
  );
}

const number = (value: unknown) => (typeof value === "number" ? value : undefined);

function Summary({ row }: { row: Values }) {
  const [ra, dec, from, to] = [row.s_ra, row.s_dec, row.t_min, row.t_max].map(number);
  const [low, high, exposure] = [row.em_min, row.em_max, row.t_exptime].map(number);
  const facts: [string, string, string?][] = [];
  const add = (name: string, value: unknown, more?: string) => value !== null && value !== undefined && value !== "" && facts.push([name, String(value), more]);
  add("Collection", row.obs_collection);
  add("Instrument", [row.instrument_name, row.facility_name].filter(Boolean).join(", "));
  add("Kind", [row.dataproduct_type, row.dataproduct_subtype].filter(Boolean).join(", "), `calibration level ${row.calib_level}`);
  add("Target", row.target_name);
  if (ra !== undefined && dec !== undefined) add("Position", `${ra.toFixed(5)} ${dec < 0 ? "−" : "+"}${Math.abs(dec).toFixed(5)}`, sexagesimal(ra, dec));
  if (from !== undefined) add("Begun", `${utc(fromMjd(from))} UTC`, `MJD ${from.toFixed(5)}`);
  if (exposure !== undefined) add("Exposure", `${exposure} s`);
  else if (from !== undefined && to !== undefined) add("Lasted", `${((to - from) * 86400).toFixed(1)} s`);
  if (low !== undefined && high !== undefined) add("Wavelength", `${wavelength(low)} – ${wavelength(high)}`);
  add("Rights", row.data_rights, row.obs_release_date ? `released ${String(row.obs_release_date).slice(0, 10)}` : undefined);
  return (
    <dl class="card summary">
      {facts.map(([name, value, more]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {more && <small class="dim">{more}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Where({ row }: { row: Values }) {
  const host = useRef<HTMLDivElement>(null);
  const shape = useMemo(() => footprint(row.s_region, row.s_ra, row.s_dec), [row]);
  useEffect(() => {
    if (!shape || !host.current) return;
    const map = new SkyMap(host.current);
    map.setShapes([{ ...shape, colour: "#ffc46b" }]);
    map.fit();
    if (shape.rings.length) map.zoom(2.2);
    return () => map.destroy();
  }, [shape]);
  if (!shape) return null;
  const near = `${ROOT}/search#position=${encodeURIComponent(`${row.s_ra} ${row.s_dec}`)}&radius=0.1`;
  return (
    <div class="where">
      <div class="map-canvas" ref={host} />
      {typeof row.s_ra === "number" && (
        <div class="row">
          <a href={near}>What else is there</a>
          <a href={`https://aladin.cds.unistra.fr/AladinLite/?target=${encodeURIComponent(`${row.s_ra} ${row.s_dec}`)}&fov=1`} rel="noopener noreferrer" target="_blank">
            Open in Aladin Lite <Icon name="open" />
          </a>
        </div>
      )}
    </div>
  );
}

function Files({ row, links }: { row: Values; links: Links | undefined }) {
  const address = typeof row.access_url === "string" && isWeb(row.access_url) ? row.access_url : undefined;
  const size = number(row.access_estsize);
  const found: Link[] = links?.links.filter((it) => isWeb(it.url) || it.error) ?? [];
  const own: Link[] = address && !found.some((it) => it.url === address) && !/content=datalink/.test(String(row.access_format)) ? [{ url: address, service: "", error: "", semantics: "#this", description: "", type: String(row.access_format ?? ""), size: size ? size * 1000 : undefined }] : [];
  const all = [...found, ...own];
  const preview = all.find((it) => /^#(preview|thumbnail)/.test(it.semantics) && /^image\/(png|jpeg|webp|gif)/.test(it.type) && isOurs(it.url));
  return (
    <section>
      <h2>Files</h2>
      {!all.length ? (
        <div class="card">
          <State icon="empty" title="No files">
            <p>The archive tells of this observation and offers no file of it here.</p>
          </State>
        </div>
      ) : (
        <div class="files">
          {preview && <img src={preview.url} alt="Preview of the dataset" loading="lazy" />}
          <ul class="card">
            {all.map((link, at) => (
              <li key={at}>
                <span class="chip">{term(link.semantics)}</span>
                {link.error ? (
                  <span class="dim">{link.error}</span>
                ) : (
                  <a href={link.url} rel="noopener noreferrer" target={isOurs(link.url) ? undefined : "_blank"}>
                    {link.description || decodeURIComponent(link.url.split(/[?#]/)[0].split("/").pop() || link.url)}
                  </a>
                )}
                <small class="dim num">{[link.type.split(";")[0], link.size && bytes(link.size)].filter(Boolean).join(" · ")}</small>
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

/** Only the service itself: forms of a page go nowhere else. */
function ServiceForm({ service }: { service: Service }) {
  const [told, setTold] = useState("");
  if (!isWeb(service.url) || !isOurs(service.url)) return null;
  const open = service.inputs.filter((it) => !it.value);
  const go = (event: Event) => {
    event.preventDefault();
    const fields = new URLSearchParams();
    for (const it of service.inputs) if (it.value) fields.append(it.name, it.value);
    for (const [name, value] of new FormData(event.currentTarget as HTMLFormElement)) {
      if (String(value).trim()) fields.append(name, String(value).trim());
    }
    const address = `${service.url}${service.url.includes("?") ? "&" : "?"}${fields}`;
    setTold(address);
    location.href = address;
  };
  const cuts = /SODA/i.test(service.standard) || open.some((it) => it.name === "CIRCLE");
  return (
    <section>
      <h2>{cuts ? "Cut out a part" : service.name || "Service"}</h2>
      <form class="card cutout" onSubmit={go}>
        {open.map((input) => (
          <InputField key={input.name} input={input} id={`${service.id}-${input.name}`} />
        ))}
        <div class="row">
          <button type="submit" class="btn primary">
            <Icon name="download" />
            {cuts ? "Cut out" : "Get"}
          </button>
          {told && (
            <button type="button" class="btn quiet" onClick={() => void copy(told)}>
              Copy the address
            </button>
          )}
        </div>
      </form>
    </section>
  );
}

function InputField({ input, id }: { input: Input; id: string }) {
  const bounds = [input.low, input.high].filter(Boolean).join(" … ");
  return (
    <div class="field">
      <label for={id}>
        {input.name}
        {input.unit && ` (${input.unit})`}
      </label>
      {input.options.length ? (
        <select id={id} name={input.name}>
          <option value="">any</option>
          {input.options.map((it) => (
            <option key={it}>{it}</option>
          ))}
        </select>
      ) : (
        <input id={id} name={input.name} placeholder={input.high || input.low} autocomplete="off" />
      )}
      <span class="hint">{[input.description, bounds && `within ${bounds}`].filter(Boolean).join("; ")}</span>
    </div>
  );
}

function Everything({ row, columns }: { row: Values; columns: Column[] }) {
  const [empty, setEmpty] = useState(false);
  const rest = new Set(columns);
  const parts = PARTS.map(([name, is]) => {
    const own = columns.filter((it) => rest.has(it) && is(it));
    for (const it of own) rest.delete(it);
    return [name, own] as const;
  });
  const all = [...parts, ["More", [...rest]] as const];
  const filled = (column: Column) => row[column.name] !== null && row[column.name] !== undefined;
  return (
    <section>
      <div class="row spread">
        <h2>Everything that is known</h2>
        <div class="row">
          <label class="check">
            <input type="checkbox" checked={empty} onChange={() => setEmpty(!empty)} />
            with empty columns
          </label>
          <a class="btn small" href={`${ROOT}/query#adql=${encodeURIComponent(queryOf(String(row.obs_publisher_did)))}&run`}>
            As a query
          </a>
          <button type="button" class="btn small quiet" onClick={() => void copy(`${BASE}/row#did=${encodeURIComponent(String(row.obs_publisher_did))}`)}>
            <Icon name="link" />
            Copy link
          </button>
        </div>
      </div>
      {all.map(([name, own]) => {
        const listed = own.filter((it) => empty || filled(it));
        if (!listed.length) return null;
        return (
          <div key={name} class="card known">
            <h3>{name}</h3>
            <dl>
              {listed.map((column) => (
                <div key={column.name}>
                  <dt>
                    <code>{column.name}</code>
                    <small class="dim">{column.description}</small>
                  </dt>
                  <dd>
                    <Value value={row[column.name]} column={column} /> <span class="dim">{filled(column) && column.unit}</span>
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        );
      })}
    </section>
  );
}

function Value({ value, column }: { value: unknown; column: Column }) {
  const text = shown(value, column);
  if (!text) return <span class="null">–</span>;
  if (typeof value === "string" && isWeb(value)) {
    return (
      <a href={value} rel="noopener noreferrer" target="_blank">
        {text}
      </a>
    );
  }
  return <span class="num">{text}</span>;
}

const host = document.getElementById("app")!;
host.replaceChildren();
render(<RowPage />, host);
