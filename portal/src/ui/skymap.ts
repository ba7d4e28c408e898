/**
 * A map of the sky on a canvas. Wide views show all of it in Hammer's
 * projection, narrower ones a part as one sees it from inside. Footprints are
 * projected by our own arithmetic, thousands in a few milliseconds; d3-geo draws
 * what may cross an edge of the map.
 */
import { geoArea, geoGraticule, geoPath } from "d3-geo";
import type { GeoPermissibleObjects, GeoProjection } from "d3-geo";
import { outlines, type Moc } from "../lib/healpix";
import { HAMMER_HALF, globe, hammer } from "../lib/projection";
import { basis, circle, dot, holds, position, separation, unit, vector } from "../lib/region";
import type { Footprint, Position, Vector } from "../lib/region";

const RADIANS = Math.PI / 180;
/** Views of at least so many degrees show the whole sky. */
const WHOLE = 150;
const NARROWEST = 0.01;
/** Milliseconds of drawing before the browser is let do other things. */
const SLICE = 10;

export interface Shape extends Footprint {
  colour: string;
}

export type Drawn = { kind: "circle"; centre: Position; radius: number } | { kind: "polygon"; corners: Position[] };
export type Tool = "move" | "circle" | "polygon";

export interface Listener {
  hover?(index: number | undefined): void;
  pick?(index: number | undefined): void;
  region?(drawn: Drawn): void;
  pointer?(at: Position | undefined): void;
}

export class SkyMap {
  private readonly under: HTMLCanvasElement;
  private readonly over: HTMLCanvasElement;
  private shapes: (Shape | undefined)[] = [];
  private moc: [number, number][][] = [];
  private centre: Vector = vector([180, 0]);
  private field = 360;
  private width = 0;
  private height = 0;
  private ratio = 1;
  private generation = 0;
  private waiting = 0;
  private hovered: number | undefined;
  private picked: number | undefined;
  private drawn: Drawn | undefined;
  private sketch: Position[] = [];
  private pointers = new Map<number, { x: number; y: number }>();
  private moved = 0;
  private observer: ResizeObserver;
  tool: Tool = "move";
  listener: Listener = {};
  /** Milliseconds that the last drawing of all footprints took, for tests. */
  lastDrawing = 0;

  constructor(private readonly host: HTMLElement) {
    this.under = host.appendChild(document.createElement("canvas"));
    this.over = host.appendChild(document.createElement("canvas"));
    this.over.tabIndex = 0;
    this.over.setAttribute("role", "application");
    this.over.setAttribute("aria-label", "Map of the sky. Arrow keys move it, plus and minus change the field.");
    this.listen();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(host);
    this.resize();
  }

  destroy(): void {
    this.generation++;
    this.observer.disconnect();
    this.under.remove();
    this.over.remove();
  }

  setShapes(shapes: (Shape | undefined)[]): void {
    this.shapes = shapes;
    this.redraw();
  }

  setCoverage(moc: Moc): void {
    this.moc = outlines(moc).map((ring) => ring.slice().reverse());
    this.redraw();
  }

  setHovered(index: number | undefined): void {
    if (index === this.hovered) return;
    this.hovered = index;
    this.overlay();
  }

  setPicked(index: number | undefined): void {
    this.picked = index;
    this.overlay();
  }

  setRegion(drawn: Drawn | undefined): void {
    this.drawn = drawn;
    this.sketch = [];
    this.overlay();
  }

  look(at: Position, degrees: number): void {
    this.centre = vector(at);
    this.field = Math.max(NARROWEST, Math.min(360, degrees));
    this.redraw();
  }

  /** Shows what there is of footprints and region. */
  fit(): void {
    const places = this.shapes.flatMap((shape) => (shape ? [shape] : []));
    if (!places.length) {
      if (this.drawn) this.fitRegion(this.drawn);
      return;
    }
    const sum: Vector = [0, 0, 0];
    for (const { centre } of places) for (let k = 0; k < 3; k++) sum[k] += centre[k];
    const middle = unit(sum);
    let far = 0;
    for (const { centre, reach } of places) {
      far = Math.max(far, separation(middle, centre) + Math.acos(Math.min(1, reach)) / RADIANS);
    }
    const wide = far > 60 || Math.hypot(...sum) / places.length < 0.3;
    if (wide) this.look([180, 0], 360);
    else this.look(position(middle), Math.max(0.05, far * 2.1 * this.aspect()));
  }

  private fitRegion(drawn: Drawn): void {
    if (drawn.kind === "circle") return this.look(drawn.centre, drawn.radius * 3 * this.aspect());
    const corners = drawn.corners.map(vector);
    const middle = unit(corners.reduce((sum, it) => [sum[0] + it[0], sum[1] + it[1], sum[2] + it[2]], [0, 0, 0]));
    const far = Math.max(...corners.map((it) => separation(middle, it)));
    this.look(position(middle), far * 3 * this.aspect());
  }

  /** How much wider than high the map is: the field is told by its width. */
  private aspect(): number {
    return Math.max(1, this.width / Math.max(1, this.height));
  }

  zoom(factor: number): void {
    this.look(position(this.centre), this.field * factor);
  }

  /** Where the map looks: position and field in degrees. */
  get view(): { at: Position; field: number } {
    return { at: position(this.centre), field: this.field };
  }

  /** Footprints that are drawn, for tests. */
  get count(): number {
    return this.shapes.filter(Boolean).length;
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.host;
    if (!clientWidth || !clientHeight) return;
    this.ratio = Math.min(devicePixelRatio || 1, 2);
    [this.width, this.height] = [clientWidth, clientHeight];
    for (const canvas of [this.under, this.over]) {
      canvas.width = this.width * this.ratio;
      canvas.height = this.height * this.ratio;
    }
    this.draw();
  }

  private redraw(): void {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.draw();
    });
  }

  private isWhole(): boolean {
    return this.field >= WHOLE;
  }

  private scale(): number {
    if (!this.isWhole()) return this.width / 2 / Math.sin(Math.min(90, this.field / 2) * RADIANS);
    const fit = Math.min(this.width / 2, this.height) * 0.985;
    return (fit / (HAMMER_HALF / 2) / 2) * Math.min(3, Math.max(1, 360 / this.field));
  }

  private projection(): GeoProjection {
    const [ra, dec] = position(this.centre);
    const made = this.isWhole() ? hammer().rotate([-ra, this.field >= 359 ? 0 : -dec]) : globe().rotate([-ra, -dec]);
    return made.scale(this.scale()).translate([this.width / 2, this.height / 2]);
  }

  /** From directions to the canvas; nothing for what is behind. */
  private projector(): (at: Vector) => [number, number] | undefined {
    const scale = this.scale();
    const [x0, y0] = [this.width / 2, this.height / 2];
    const flat = this.isWhole() && this.field >= 359;
    const middle = flat ? vector([position(this.centre)[0], 0]) : this.centre;
    const { east, north } = basis(middle);
    if (!this.isWhole()) {
      return (at) =>
        dot(at, middle) <= 0 ? undefined : [x0 - scale * dot(at, east), y0 - scale * dot(at, north)];
    }
    return (at) => {
      const [e, n, r] = [dot(at, east), dot(at, north), dot(at, middle)];
      const longitude = Math.atan2(e, r) / 2;
      const cosLatitude = Math.sqrt(Math.max(0, 1 - n * n));
      const k = Math.sqrt(2 / (1 + cosLatitude * Math.cos(longitude)));
      return [x0 - scale * 2 * k * cosLatitude * Math.sin(longitude), y0 - scale * k * n];
    };
  }

  /** The direction of a point of the canvas. */
  private at(x: number, y: number): Vector | undefined {
    const found = this.projection().invert?.([x, y]);
    if (!found || !Number.isFinite(found[0]) || !Number.isFinite(found[1])) return undefined;
    const at = vector([found[0], found[1]]);
    const back = this.projector()(at);
    return back && Math.hypot(back[0] - x, back[1] - y) < 2 ? at : undefined;
  }

  private draw(): void {
    const pen = this.under.getContext("2d");
    if (!pen || !this.width) return;
    const generation = ++this.generation;
    const projection = this.projection();
    const path = geoPath(projection, pen);
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.fillStyle = "#0a1022";
    pen.fillRect(0, 0, this.width, this.height);
    const add = (what: GeoPermissibleObjects) => {
      pen.beginPath();
      path(what);
    };
    add({ type: "Sphere" });
    pen.fillStyle = "#111a38";
    pen.fill();
    if (this.moc.length) {
      pen.beginPath();
      for (const ring of this.moc) path({ type: "Polygon", coordinates: [ring] });
      pen.fillStyle = "rgb(126 162 255 / 11%)";
      pen.fill();
    }
    const step = graticule(this.field);
    pen.lineWidth = 0.7;
    pen.strokeStyle = "rgb(150 170 230 / 20%)";
    const [ra, dec] = position(this.centre);
    if (this.field < 60) {
      const high = Math.min(89.99, Math.abs(dec) + this.field);
      const wide = Math.min(180, this.field / Math.max(0.02, Math.cos(high * RADIANS)));
      const stepRa = wide >= 180 ? 15 : graticule(wide);
      const low = [Math.floor((ra - wide) / stepRa) * stepRa, Math.floor((dec - this.field) / step) * step];
      const up = [low[0] + Math.min(360, Math.ceil((2 * wide) / stepRa + 1) * stepRa), dec + this.field + step];
      // One by one: d3's graticule takes no extent over 180°.
      const lines = meridians(low[0], up[0], stepRa, Math.max(-89.9, low[1]), Math.min(89.9, up[1]), step);
      for (const line of lines) {
        add({ type: "LineString", coordinates: line });
        pen.stroke();
      }
    } else {
      add(geoGraticule().step([step, step]).extentMinor([[-180, -90 + step], [180, 90 - step + 0.01]])());
      pen.stroke();
    }
    add({ type: "Sphere" });
    pen.strokeStyle = "#34457c";
    pen.stroke();
    this.footprints(pen, generation, projection);
    this.labels(pen, step);
    this.overlay();
  }

  /** Draws all footprints, some milliseconds at a time. */
  private footprints(pen: CanvasRenderingContext2D, generation: number, projection: GeoProjection): void {
    const project = this.projector();
    const path = geoPath(projection, pen);
    const crowd = this.shapes.length;
    const shade = crowd > 1500 ? 0.08 : crowd > 200 ? 0.14 : 0.2;
    let next = 0;
    this.lastDrawing = 0;
    const slice = () => {
      if (generation !== this.generation) return;
      const began = performance.now();
      pen.lineWidth = crowd > 1500 ? 0.6 : 1;
      while (next < crowd) {
        const shape = this.shapes[next++];
        if (!shape) continue;
        this.one(pen, shape, project, path);
        pen.strokeStyle = shape.colour;
        pen.fillStyle = shape.colour;
        pen.globalAlpha = shade;
        pen.fill();
        pen.globalAlpha = 0.85;
        pen.stroke();
        if (next % 32 === 0 && performance.now() - began > SLICE) break;
      }
      pen.globalAlpha = 1;
      this.lastDrawing += performance.now() - began;
      if (next < crowd) requestAnimationFrame(slice);
    };
    slice();
  }

  private one(
    pen: CanvasRenderingContext2D,
    shape: Footprint,
    project: (at: Vector) => [number, number] | undefined,
    path: ReturnType<typeof geoPath>,
  ): void {
    pen.beginPath();
    if (!shape.rings.length) {
      const at = project(shape.centre);
      if (at) pen.arc(at[0], at[1], 2.5, 0, 2 * Math.PI);
      return;
    }
    for (const ring of shape.rings) {
      const points: [number, number][] = [];
      let hidden = 0;
      let torn = false;
      for (const corner of ring) {
        const at = project(corner);
        if (!at) hidden++;
        else {
          const last = points[points.length - 1];
          // Neighbours at the two ends of the map: the edge goes through.
          if (last && this.isWhole() && Math.abs(last[0] - at[0]) > this.width / 4) torn = true;
          points.push(at);
        }
      }
      if (hidden === ring.length) continue;
      if (hidden || torn) {
        path(asPolygon(ring));
        continue;
      }
      points.forEach(([x, y], place) => (place ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      pen.closePath();
    }
  }

  private labels(pen: CanvasRenderingContext2D, step: number): void {
    const project = this.projector();
    const [ra, dec] = position(this.centre);
    pen.font = "500 10px Inter, system-ui, sans-serif";
    pen.fillStyle = "rgb(190 203 240 / 70%)";
    pen.textBaseline = "middle";
    if (this.isWhole()) {
      const middle = this.field >= 359 ? 0 : dec;
      pen.textAlign = "center";
      for (let at = 0; at < 360; at += 60) this.label(pen, project(vector([at, Math.abs(middle) > 60 ? middle : 0])), `${at}°`);
      for (let at = -60; at <= 60; at += 30) if (at) this.label(pen, project(vector([ra, at])), `${at}°`.replace("-", "−"));
      return;
    }
    pen.textAlign = "left";
    const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3;
    for (let at = Math.ceil((dec - this.field) / step) * step; at <= dec + this.field; at += step) {
      if (Math.abs(at) > 90) continue;
      const place = project(vector([ra, at]));
      if (place && place[1] > 14 && place[1] < this.height - 34) {
        pen.fillText(`${at.toFixed(digits)}°`.replace("-", "−"), 8, place[1]);
      }
    }
  }

  private label(pen: CanvasRenderingContext2D, at: [number, number] | undefined, text: string): void {
    if (at) pen.fillText(text, at[0], at[1] + 8);
  }

  /** What changes with the pointer. */
  private overlay(): void {
    const pen = this.over.getContext("2d");
    if (!pen) return;
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    const project = this.projector();
    const path = geoPath(this.projection(), pen);
    for (const [index, colour, breadth] of [
      [this.picked, "#ffc46b", 2.5],
      [this.hovered, "#ffffff", 2],
    ] as const) {
      const shape = index === undefined ? undefined : this.shapes[index];
      if (!shape) continue;
      this.one(pen, shape, project, path);
      pen.lineWidth = breadth;
      pen.strokeStyle = colour;
      pen.stroke();
      pen.globalAlpha = 0.25;
      pen.fillStyle = colour;
      pen.fill();
      pen.globalAlpha = 1;
    }
    const region = this.sketched() ?? this.drawn;
    if (region) {
      pen.beginPath();
      if (region.kind === "circle") path(asPolygon(circle(vector(region.centre), Math.max(1e-6, region.radius), 90)));
      else if (this.sketch.length) path({ type: "LineString", coordinates: region.corners });
      else path(asPolygon(region.corners.map(vector)));
      pen.lineWidth = 1.6;
      pen.setLineDash([5, 4]);
      pen.strokeStyle = "#ffc46b";
      pen.stroke();
      pen.setLineDash([]);
      if (region.kind === "circle" || !this.sketch.length) {
        pen.fillStyle = "rgb(255 196 107 / 7%)";
        pen.fill();
      }
      const marks = region.kind === "circle" ? [region.centre] : this.sketch.length ? region.corners : [];
      for (const mark of marks) {
        const at = project(vector(mark));
        if (!at) continue;
        pen.beginPath();
        pen.arc(at[0], at[1], 2.5, 0, 2 * Math.PI);
        pen.fillStyle = "#ffc46b";
        pen.fill();
      }
    }
  }

  private sketched(): Drawn | undefined {
    const [first, ...more] = this.sketch;
    if (!first) return undefined;
    if (this.tool === "circle") {
      const to = more[more.length - 1] ?? first;
      return { kind: "circle", centre: first, radius: separation(vector(first), vector(to)) };
    }
    return { kind: "polygon", corners: this.sketch };
  }

  /** The smallest footprint under a point. */
  private under_(at: Vector): number | undefined {
    let best: number | undefined;
    let reach = -2;
    const near = Math.cos(Math.min(3, this.field / 90) * RADIANS);
    this.shapes.forEach((shape, index) => {
      if (!shape) return;
      const hit = shape.rings.length ? holds(shape, at) : dot(shape.centre, at) > near;
      if (hit && shape.reach > reach) [best, reach] = [index, shape.reach];
    });
    return best;
  }

  private listen(): void {
    const host = this.over;
    const place = (event: PointerEvent | MouseEvent) => {
      const box = host.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    host.addEventListener("pointerdown", (event) => {
      host.setPointerCapture(event.pointerId);
      const at = place(event);
      this.pointers.set(event.pointerId, at);
      this.moved = 0;
      const sky = this.at(at.x, at.y);
      if (this.tool === "circle" && sky) this.sketch = [position(sky)];
    });
    host.addEventListener("pointermove", (event) => {
      const at = place(event);
      const before = this.pointers.get(event.pointerId);
      const sky = this.at(at.x, at.y);
      this.listener.pointer?.(sky && position(sky));
      if (!before) {
        if (this.tool === "polygon" && this.sketch.length && sky) {
          const kept = this.sketch;
          this.sketch = [...kept, position(sky)];
          this.overlay();
          this.sketch = kept;
        } else this.hover(sky);
        return;
      }
      this.moved += Math.hypot(at.x - before.x, at.y - before.y);
      if (this.pointers.size === 2) this.pinch(event.pointerId, at);
      else if (this.tool === "circle" && this.sketch.length && sky) {
        this.sketch = [this.sketch[0], position(sky)];
        this.overlay();
      } else if (this.tool !== "circle") this.drag(before, at);
      this.pointers.set(event.pointerId, at);
    });
    const end = (event: PointerEvent) => {
      const at = this.pointers.get(event.pointerId);
      this.pointers.delete(event.pointerId);
      if (event.type === "pointercancel" || !at) return;
      const sky = this.at(at.x, at.y);
      if (this.tool === "circle") return this.finish();
      if (this.moved > 4 || !sky) return;
      if (this.tool === "polygon") {
        const first = this.sketch[0] && this.projector()(vector(this.sketch[0]));
        const closes = first && this.sketch.length > 2 && Math.hypot(first[0] - at.x, first[1] - at.y) < 12;
        if (closes) return this.finish();
        this.sketch = [...this.sketch, position(sky)];
        return this.overlay();
      }
      this.listener.pick?.(this.under_(sky));
    };
    host.addEventListener("pointerup", end);
    host.addEventListener("pointercancel", end);
    host.addEventListener("pointerleave", () => {
      this.hover(undefined);
      this.listener.pointer?.(undefined);
    });
    host.addEventListener("dblclick", () => {
      if (this.tool === "polygon" && this.sketch.length > 2) this.finish();
    });
    host.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const at = place(event);
        this.zoomAt(at.x, at.y, Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.004));
      },
      { passive: false },
    );
    host.addEventListener("keydown", (event) => this.key(event));
  }

  private key(event: KeyboardEvent): void {
    const step = this.isWhole() ? 20 : this.field / 8;
    const [ra, dec] = position(this.centre);
    const across = step / Math.max(0.1, Math.cos(dec * RADIANS));
    const moves: Record<string, () => void> = {
      ArrowLeft: () => this.look([ra + across, dec], this.field),
      ArrowRight: () => this.look([ra - across, dec], this.field),
      ArrowUp: () => this.look([ra, Math.min(90, dec + step)], this.field),
      ArrowDown: () => this.look([ra, Math.max(-90, dec - step)], this.field),
      "+": () => this.zoom(0.7),
      "=": () => this.zoom(0.7),
      "-": () => this.zoom(1 / 0.7),
      "0": () => this.fit(),
      Escape: () => {
        this.sketch = [];
        this.overlay();
      },
      Enter: () => this.tool === "polygon" && this.sketch.length > 2 && this.finish(),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  }

  private hover(sky: Vector | undefined): void {
    const index = sky && this.under_(sky);
    this.over.style.cursor = this.tool !== "move" ? "crosshair" : index === undefined ? "grab" : "pointer";
    if (index === this.hovered) return;
    this.setHovered(index);
    this.listener.hover?.(index);
  }

  private finish(): void {
    const region = this.sketched();
    this.sketch = [];
    if (region && (region.kind === "polygon" || region.radius > 0)) {
      this.drawn = region;
      this.listener.region?.(region);
    }
    this.overlay();
  }

  private drag(from: { x: number; y: number }, to: { x: number; y: number }): void {
    const degrees = this.isWhole() ? 360 / (this.scale() * HAMMER_HALF * 2) : 1 / (this.scale() * RADIANS);
    const [ra, dec] = position(this.centre);
    const across = degrees / Math.max(0.15, this.field >= 359 ? 1 : Math.cos(dec * RADIANS));
    const up = Math.max(-90, Math.min(90, dec + (to.y - from.y) * degrees));
    this.look([ra + (to.x - from.x) * across, this.field >= 359 ? 0 : up], this.field);
  }

  private pinch(id: number, at: { x: number; y: number }): void {
    const other = [...this.pointers].find(([it]) => it !== id)?.[1];
    const before = this.pointers.get(id);
    if (!other || !before) return;
    const ratio = Math.hypot(before.x - other.x, before.y - other.y) / Math.max(8, Math.hypot(at.x - other.x, at.y - other.y));
    this.zoomAt((at.x + other.x) / 2, (at.y + other.y) / 2, ratio);
  }

  /** Changes the field around a point that stays where it is. */
  private zoomAt(x: number, y: number, factor: number): void {
    const fixed = this.at(x, y);
    this.field = Math.max(NARROWEST, Math.min(360, this.field * factor));
    if (fixed && this.field < 359) {
      // The point under the cursor comes nearer to the middle as the field
      // narrows, whatever the projection.
      const t = Math.min(1, Math.max(0, 1 - factor));
      if (factor < 1) this.centre = unit([0, 1, 2].map((k) => this.centre[k] * (1 - t) + fixed[k] * t) as Vector);
    }
    this.redraw();
  }
}

/** Degrees between lines of the grid for a field. */
function graticule(field: number): number {
  const steps = [30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005];
  return steps.find((step) => field / step >= 5) ?? 0.002;
}

function meridians(west: number, east: number, stepRa: number, south: number, north: number, step: number): Position[][] {
  const lines: Position[][] = [];
  const wide = Math.min(east, west + 360);
  for (let ra = west; ra <= wide + 1e-9; ra += stepRa) {
    lines.push(Array.from({ length: 9 }, (_, k) => [ra, south + ((north - south) * k) / 8]));
  }
  for (let dec = Math.ceil(south / step) * step; dec <= north; dec += step) {
    const count = Math.max(8, Math.ceil((wide - west) / 5));
    lines.push(Array.from({ length: count + 1 }, (_, k) => [west + ((wide - west) * k) / count, dec]));
  }
  return lines;
}

/** For d3, whose insides are on the right. */
function asPolygon(ring: Vector[]): GeoPermissibleObjects {
  const corners = ring.map(position);
  const closed = [...corners, corners[0]];
  const shape = { type: "Polygon" as const, coordinates: [closed] };
  return geoArea(shape) > 2 * Math.PI ? { type: "Polygon", coordinates: [closed.slice().reverse()] } : shape;
}
