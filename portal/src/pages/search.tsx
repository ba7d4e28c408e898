/** Search by a form and a map; the ADQL is there to be seen and changed. */
import { render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import "../lib/page";
import { grouped, wavelength } from "../lib/format";
import { toast } from "../lib/page";
import { WAVE_UNITS, readPosition } from "../lib/position";
import { RESOLVER, ROOT, facts as fetchFacts, isAborted, rows, sentence } from "../lib/service";
import type { Facts } from "../lib/service";
import { Source } from "../lib/source";
import { CHOICES, HIDDEN, NOTHING, counting, fromFragment, query, toFragment, write } from "../lib/wish";
import type { Wish } from "../lib/wish";
import { MapView } from "../ui/map";
import { Icon } from "../ui/parts";
import { Results } from "../ui/results";
import type { Drawn } from "../ui/skymap";

/** Rows of the first answer: what the map draws. */
const FIRST = 5000;

function Search() {
  const begin = useMemo(() => fromFragment(location.hash), []);
  const [wish, setWish] = useState<Wish>(begin.wish);
  const [own, setOwn] = useState<string | undefined>(begin.adql);
  const [known, setKnown] = useState<Facts>();
  const [count, setCount] = useState<string>("");
  const [source, setSource] = useState<Source>();
  const [hovered, setHovered] = useState<number>();
  const [picked, setPicked] = useState<number>();
  const [open, setOpen] = useState(begin.adql !== undefined);
  const [resolving, setResolving] = useState(false);
  const written = useMemo(() => write(wish), [wish]);
  const adql = own ?? query(written.conditions);
  const bad = Object.keys(written.wrong).length > 0;
  const latest = useRef<Source | undefined>(undefined);

  const change = (part: Partial<Wish>) => {
    setOwn(undefined);
    setWish((now) => ({ ...now, ...part }));
  };
  const choose = (column: string, value: string) => {
    const now = wish.values[column] ?? [];
    const next = now.includes(value) ? now.filter((it) => it !== value) : [...now, value];
    change({ values: { ...wish.values, [column]: next } });
  };
  const run = (text = adql, looked = wish, typed = own, scroll = true) => {
    latest.current?.close();
    const next = new Source(text, FIRST);
    latest.current = next;
    setPicked(undefined);
    setHovered(undefined);
    setSource(next);
    void next.open();
    if (scroll && matchMedia("(max-width: 60rem)").matches) document.querySelector(".found")?.scrollIntoView({ behavior: "smooth" });
    history.replaceState(null, "", `#${toFragment(looked, typed)}`);
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const name = wish.position.trim();
    if (RESOLVER && name && !readPosition(name)) {
      setResolving(true);
      try {
        const at = await resolve(name);
        const next = { ...wish, position: at };
        setWish(next);
        setOwn(undefined);
        run(query(write(next).conditions), next, undefined);
        toast(`${name}: ${at}`);
      } catch (error) {
        toast(sentence(error), 6);
      }
      setResolving(false);
      return;
    }
    if (!bad) run();
  };
  const draw = (drawn: Drawn) => {
    const digits = (value: number) => value.toFixed(5);
    const part: Partial<Wish> =
      drawn.kind === "circle"
        ? { position: `${digits(drawn.centre[0])} ${digits(drawn.centre[1])}`, radius: drawn.radius.toPrecision(4), radiusUnit: "deg", relation: "meets", polygon: "" }
        : { polygon: drawn.corners.map((it) => it.map(digits).join(" ")).join(" "), position: "" };
    const next = { ...wish, ...part };
    change(part);
    run(query(write(next).conditions), next, undefined);
  };

  useEffect(() => {
    fetchFacts().then(setKnown, () => undefined);
    const asked = location.hash.length > 1;
    run(adql, begin.wish, begin.adql, false);
    if (!asked) history.replaceState(null, "", location.pathname);
  }, []);
  // How many there would be, as the form is filled in.
  useEffect(() => {
    if (own !== undefined || bad) {
      setCount("");
      return;
    }
    const stop = new AbortController();
    const wait = setTimeout(() => {
      setCount("…");
      rows<{ n: number }>({ query: counting(written.conditions), signal: stop.signal }).then(
        ([{ n }]) => setCount(grouped(n)),
        (error) => !isAborted(error) && setCount(""),
      );
    }, 250);
    return () => {
      clearTimeout(wait);
      stop.abort();
    };
  }, [written, own]);

  return (
    <div class="search-page">
      <form class="wishes" onSubmit={submit} aria-label="What to look for">
        <div class="wishes-in">
          <h1 class="visually-hidden">Search</h1>
          <PositionFields wish={wish} change={change} wrong={written.wrong} />
          <TimeFields wish={wish} change={change} wrong={written.wrong} />
          <WaveFields wish={wish} change={change} wrong={written.wrong} facts={known} />
          <ExposureFields wish={wish} change={change} wrong={written.wrong} />
          {CHOICES.map(([column, name]) => (
            <Choice key={column} name={name} groups={known?.groups[column]?.map((it) => [it.value, it.rows]) ?? []} chosen={wish.values[column] ?? []} choose={(value) => choose(column, value)} />
          ))}
        </div>
        <div class="wishes-go">
          <button type="submit" class="btn primary" disabled={resolving || (bad && !RESOLVER)}>
            {resolving ? <span class="busy" /> : null}
            {count && count !== "…" ? `Show ${count}` : "Search"}
          </button>
          <button type="button" class="btn quiet" onClick={() => change({ ...NOTHING, values: {} })}>
            Clear
          </button>
        </div>
      </form>
      <div class="found">
        <MapView source={source} region={written.drawn} hovered={hovered} picked={picked} onHover={setHovered} onPick={setPicked} onRegion={draw} />
        <details class="adql" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>
            <Icon name="code" />
            <b>ADQL</b>
            <code>{own === undefined ? written.conditions.join(" AND ") || "everything" : "changed by hand"}</code>
          </summary>
          <label class="visually-hidden" for="adql">
            Query
          </label>
          <textarea id="adql" spellcheck={false} rows={Math.min(10, adql.split("\n").length + 1)} value={adql} onInput={(event) => setOwn(event.currentTarget.value)} />
          <div class="row">
            <button type="button" class="btn small" onClick={() => run()}>
              Run this
            </button>
            <a class="btn small quiet" href={`${ROOT}/query#adql=${encodeURIComponent(adql)}&run`}>
              Open in Query
            </a>
            {own !== undefined && (
              <button type="button" class="btn small quiet" onClick={() => setOwn(undefined)}>
                Back to the form
              </button>
            )}
          </div>
        </details>
        <Results source={source} hovered={hovered} picked={picked} onHover={setHovered} onPick={setPicked} hidden={HIDDEN} />
      </div>
    </div>
  );
}

interface Fields {
  wish: Wish;
  change: (part: Partial<Wish>) => void;
  wrong: Partial<Record<keyof Wish, string>>;
}

function Text({ wish, change, wrong, name, label, ...rest }: Fields & { name: keyof Omit<Wish, "values">; label: string; placeholder?: string; inputMode?: "decimal" | "text"; hide?: boolean }) {
  return (
    <div class="field">
      <label for={name} class={rest.hide ? "visually-hidden" : undefined}>
        {label}
      </label>
      <input id={name} value={wish[name]} placeholder={rest.placeholder} inputMode={rest.inputMode} autocomplete="off" spellcheck={false} aria-invalid={wrong[name] ? true : undefined} aria-describedby={wrong[name] ? `${name}-wrong` : undefined} onInput={(event) => change({ [name]: event.currentTarget.value })} />
      {wrong[name] && (
        <span class="wrong" id={`${name}-wrong`}>
          {wrong[name]}
        </span>
      )}
    </div>
  );
}

function PositionFields(props: Fields) {
  const { wish, change } = props;
  return (
    <fieldset>
      <legend>Where</legend>
      <Text {...props} name="position" label={RESOLVER ? "Position or name" : "Position (ICRS)"} placeholder={RESOLVER ? "M 31, or 10.68 41.27" : "10.68 41.27 or 0:42:44 +41:16:09"} />
      <div class="pair">
        <div class="field">
          <label for="radius">Radius</label>
          <div class="joined">
            <input id="radius" inputMode="decimal" value={wish.radius} onInput={(event) => change({ radius: event.currentTarget.value })} />
            <select aria-label="Unit of the radius" value={wish.radiusUnit} onChange={(event) => change({ radiusUnit: event.currentTarget.value })}>
              <option value="deg">deg</option>
              <option value="arcmin">arcmin</option>
              <option value="arcsec">arcsec</option>
            </select>
          </div>
        </div>
        <div class="field">
          <label for="relation">Footprint</label>
          <select id="relation" value={wish.relation} onChange={(event) => change({ relation: event.currentTarget.value as Wish["relation"] })}>
            <option value="meets">meets the circle</option>
            <option value="holds">holds the position</option>
            <option value="centre">is centred in it</option>
          </select>
        </div>
      </div>
      {props.wrong.radius && <span class="wrong">{props.wrong.radius}</span>}
      {(wish.polygon || wish.moc) && (
        <div class="row">
          {wish.polygon && (
            <button type="button" class="chip live" onClick={() => change({ polygon: "" })}>
              Polygon of {wish.polygon.split(" ").length / 2} corners <Icon name="close" />
            </button>
          )}
          {wish.moc && (
            <button type="button" class="chip live" onClick={() => change({ moc: "" })}>
              MOC <Icon name="close" />
            </button>
          )}
        </div>
      )}
      <label class="file">
        <input type="file" accept=".txt,.json,.moc,text/plain,application/json" class="visually-hidden" onChange={(event) => void readMoc(event.currentTarget, change)} />
        <span>Draw on the map, or take a MOC file (ASCII or JSON)</span>
      </label>
    </fieldset>
  );
}

/** A MOC of a file as one line of ASCII (MOC 2.0 section 4.3). */
async function readMoc(input: HTMLInputElement, change: Fields["change"]): Promise<void> {
  const file = input.files?.[0];
  input.value = "";
  if (!file) return;
  if (file.size > 2_000_000) {
    toast("The MOC is larger than 2 MB; take one of a lower order.", 6);
    return;
  }
  const text = (await file.text()).trim();
  try {
    if (!text.startsWith("{")) {
      if (!/^\d+\/[\d\s,/-]*$/.test(text)) throw new Error();
      change({ moc: text.replace(/\s+/g, " ") });
      return;
    }
    const cells = JSON.parse(text) as Record<string, number[]>;
    const orders = Object.entries(cells).map(([order, list]) => `${Number(order)}/${list.map(Number).join(" ")}`);
    change({ moc: orders.join(" ") });
  } catch {
    toast("This is no MOC in ASCII or JSON. FITS MOCs can be converted with Aladin or mocpy.", 6);
  }
}

function TimeFields(props: Fields) {
  return (
    <fieldset>
      <legend>When (UTC or MJD)</legend>
      <div class="pair">
        <Text {...props} name="from" label="From" placeholder="2016-03-01" />
        <Text {...props} name="to" label="To" placeholder="57448.5" />
      </div>
    </fieldset>
  );
}

function WaveFields(props: Fields & { facts: Facts | undefined }) {
  const { wish, change, facts } = props;
  const bands = facts?.bands.slice(0, 12) ?? [];
  const take = (band: { shortest: number; longest: number }) => {
    const nm = (metres: number) => String(Number((metres * 1e9).toPrecision(6)));
    const [waveFrom, waveTo] = [nm(band.shortest), nm(band.longest)];
    const same = wish.waveUnit === "nm" && wish.waveFrom === waveFrom && wish.waveTo === waveTo;
    change(same ? { waveFrom: "", waveTo: "" } : { waveUnit: "nm", waveFrom, waveTo });
  };
  return (
    <fieldset>
      <legend>Wavelength, frequency or energy</legend>
      <div class="triple">
        <Text {...props} name="waveFrom" label="From" inputMode="decimal" placeholder="400" />
        <Text {...props} name="waveTo" label="To" inputMode="decimal" placeholder="700" />
        <div class="field">
          <label for="waveUnit">Unit</label>
          <select id="waveUnit" value={wish.waveUnit} onChange={(event) => change({ waveUnit: event.currentTarget.value })}>
            {WAVE_UNITS.map((unit) => (
              <option key={unit}>{unit}</option>
            ))}
          </select>
        </div>
      </div>
      {bands.length > 1 && (
        <div class="chips">
          {bands.map((band) => (
            <button key={`${band.shortest} ${band.longest}`} type="button" class="chip" title={`${grouped(band.rows)} observations`} onClick={() => take(band)}>
              {wavelength(band.shortest).replace(/ nm$/, "")}–{wavelength(band.longest)}
            </button>
          ))}
        </div>
      )}
    </fieldset>
  );
}

function ExposureFields(props: Fields) {
  return (
    <fieldset>
      <legend>Exposure time (s)</legend>
      <div class="pair">
        <Text {...props} name="exposureFrom" label="At least" inputMode="decimal" />
        <Text {...props} name="exposureTo" label="At most" inputMode="decimal" />
      </div>
    </fieldset>
  );
}

const LEVELS: Record<string, string> = { 0: "0 raw", 1: "1 raw, standard format", 2: "2 calibrated", 3: "3 combined", 4: "4 analysed" };

function Choice({ name, groups, chosen, choose }: { name: string; groups: [string, number][]; chosen: string[]; choose: (value: string) => void }) {
  const [all, setAll] = useState(false);
  const strange = chosen.filter((value) => !groups.some(([it]) => it === value)).map((value) => [value, 0] as [string, number]);
  const listed = [...strange, ...groups];
  if (!listed.length) return null;
  return (
    <fieldset>
      <legend>{name}</legend>
      {listed.slice(0, all ? 200 : 6).map(([value, count]) => (
        <label class="check" key={value}>
          <input type="checkbox" checked={chosen.includes(value)} onChange={() => choose(value)} />
          <span class="clip">{name === "Calibration level" ? (LEVELS[value] ?? value) : value}</span>
          <small class="num dim">{count ? grouped(count) : ""}</small>
        </label>
      ))}
      {listed.length > 6 && !all && (
        <button type="button" class="btn small quiet" onClick={() => setAll(true)}>
          {listed.length - 6} more
        </button>
      )}
    </fieldset>
  );
}

/** Asks the operator's resolver, which answers as Sesame does in XML. */
async function resolve(name: string): Promise<string> {
  const answer = await fetch(RESOLVER!.replace("{name}", encodeURIComponent(name)), { credentials: "omit" });
  const document = new DOMParser().parseFromString(await answer.text(), "text/xml");
  const [ra, dec] = ["jradeg", "jdedeg"].map((it) => document.querySelector(it)?.textContent?.trim());
  if (!ra || !dec) throw new Error(`No object is known by the name ${name}.`);
  return `${ra} ${dec}`;
}

const host = document.getElementById("app")!;
host.replaceChildren();
render(<Search />, host);
