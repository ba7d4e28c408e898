/** The map of an answer with its tools. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { colours } from "../lib/colours";
import type { Colouring } from "../lib/colours";
import { grouped, sexagesimal } from "../lib/format";
import { footprint } from "../lib/region";
import type { Position } from "../lib/region";
import { ALADIN, get } from "../lib/service";
import type { Source } from "../lib/source";
import { AladinDialog } from "./aladin";
import { Icon, useChanges } from "./parts";
import { SkyMap } from "./skymap";
import type { Drawn, Tool } from "./skymap";

/** Footprints that are drawn at once. */
const MOST = 20000;

interface Props {
  source: Source | undefined;
  region: Drawn | undefined;
  hovered: number | undefined;
  picked: number | undefined;
  onHover: (index: number | undefined) => void;
  onPick: (index: number | undefined) => void;
  onRegion?: (drawn: Drawn) => void;
}

export function MapView({ source, region, hovered, picked, onHover, onPick, onRegion }: Props) {
  useChanges(source);
  const host = useRef<HTMLDivElement>(null);
  const map = useRef<SkyMap | undefined>(undefined);
  const [by, setBy] = useState<Colouring>("band");
  const [tool, setTool] = useState<Tool>("move");
  const [at, setAt] = useState<Position | undefined>();
  const [survey, setSurvey] = useState(false);
  const rows = source?.rows ?? [];
  const painted = useMemo(() => colours(rows, by), [source, source?.known, source?.order, by]);

  useEffect(() => {
    const made = new SkyMap(host.current!);
    map.current = made;
    // Tests look at what is drawn.
    (host.current as HTMLDivElement & { map?: SkyMap }).map = made;
    get("/tap/coverage?KIND=space&ORDER=6&RESPONSEFORMAT=json")
      .then((answer) => answer.json())
      .then((moc) => made.setCoverage(moc))
      .catch(() => undefined);
    return () => made.destroy();
  }, []);
  useEffect(() => {
    const made = map.current!;
    made.listener = {
      hover: onHover,
      pick: onPick,
      pointer: setAt,
      region: (drawn) => {
        setTool("move");
        onRegion?.(drawn);
      },
    };
    made.tool = tool;
  });
  useEffect(() => {
    map.current!.setShapes(
      rows.slice(0, MOST).map((row) => {
        const shape = row && footprint(row.s_region, row.s_ra, row.s_dec);
        return shape && { ...shape, colour: painted.of(row) };
      }),
    );
  }, [painted]);
  useEffect(() => map.current!.setRegion(region), [region]);
  // A new answer is shown whole; more rows of the same leave the view.
  const fitted = useRef<Source | undefined>(undefined);
  useEffect(() => {
    if (!source || source.busy || fitted.current === source) return;
    fitted.current = source;
    map.current!.fit();
  }, [source, source?.busy]);
  useEffect(() => map.current!.setHovered(hovered), [hovered]);
  useEffect(() => map.current!.setPicked(picked), [picked]);

  const drawing = { move: "", circle: "Drag from the middle of a circle outwards.", polygon: "Click corners; click the first again to close." }[tool];
  return (
    <section class="map" aria-label="Map of the sky">
      <div class="map-canvas" ref={host} />
      <div class="map-tools" role="toolbar" aria-label="Tools of the map">
        {onRegion && (
          <div class="map-group">
            {(["move", "circle", "polygon"] as const).map((it) => (
              <button key={it} type="button" aria-pressed={tool === it} title={{ move: "Move", circle: "Search in a circle", polygon: "Search in a polygon" }[it]} aria-label={{ move: "Move the map", circle: "Draw a circle to search", polygon: "Draw a polygon to search" }[it]} onClick={() => setTool(it)}>
                <Icon name={it} />
              </button>
            ))}
          </div>
        )}
        <div class="map-group">
          <button type="button" title="Nearer" aria-label="Nearer" onClick={() => map.current?.zoom(0.6)}>
            <Icon name="plus" />
          </button>
          <button type="button" title="Wider" aria-label="Wider" onClick={() => map.current?.zoom(1 / 0.6)}>
            <Icon name="minus" />
          </button>
          <button type="button" title="Show all" aria-label="Show all footprints" onClick={() => map.current?.fit()}>
            <Icon name="fit" />
          </button>
        </div>
        {ALADIN && (
          <div class="map-group">
            <button type="button" title="Aladin Lite" aria-label="Show in Aladin Lite, with a survey behind" onClick={() => setSurvey(true)}>
              <Icon name="layers" />
            </button>
          </div>
        )}
      </div>
      <div class="map-foot">
        <label>
          <span class="visually-hidden">Colour footprints by</span>
          <select value={by} onChange={(event) => setBy(event.currentTarget.value as Colouring)}>
            <option value="band">Band</option>
            <option value="time">Time</option>
            <option value="collection">Collection</option>
          </select>
        </label>
        <ul>
          {painted.legend.map(([colour, name]) => (
            <li key={name}>
              <i style={{ background: colour }} />
              {name}
            </li>
          ))}
        </ul>
        {source && (source.total ?? Infinity) > rows.length && rows.length > 0 && <span class="part">the first {grouped(Math.min(rows.length, MOST))} are drawn</span>}
        <span class="pointer num">{drawing || (at ? `${at[0].toFixed(4)} ${at[1] < 0 ? "−" : "+"}${Math.abs(at[1]).toFixed(4)} · ${sexagesimal(at[0], at[1])}` : "")}</span>
      </div>
      {survey && map.current && <AladinDialog view={map.current.view} rows={rows.slice(0, MOST)} colour={painted.of} close={() => setSurvey(false)} />}
    </section>
  );
}
