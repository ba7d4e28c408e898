/** A quick look at one column, or two against each other, of the rows that are here. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { grouped, number } from "../lib/format";
import { isDark } from "../lib/page";
import type { Column } from "../lib/service";
import type { Source } from "../lib/source";
import { Dialog, State, useChanges } from "./parts";
import { isNumber } from "./results";

interface Axis {
  low: number;
  high: number;
  ticks: number[];
}

/** A round step of about a fifth of a span. */
function axis(values: number[]): Axis {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low === high) [low, high] = [low - Math.abs(low) * 0.01 - 1e-12, high + Math.abs(high) * 0.01 + 1e-12];
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((it) => it * power).find((it) => it >= rough) ?? power;
  const ticks: number[] = [];
  for (let at = Math.ceil(low / step); at * step <= high + step * 1e-9; at++) ticks.push(at * step);
  return { low, high, ticks };
}

export function PlotDialog({ source, close }: { source: Source; close: () => void }) {
  useChanges(source);
  const columns = source.columns.filter(isNumber);
  const first = columns.find((it) => it.name === "t_min") ?? columns[0];
  const [x, setX] = useState(first?.name ?? "");
  const [y, setY] = useState("");
  if (!first) {
    return (
      <Dialog title="Plot" close={close}>
        <State icon="chart" title="No column of numbers" />
      </Dialog>
    );
  }
  const pick = (id: string, label: string, value: string, change: (name: string) => void, none?: string) => (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => change(event.currentTarget.value)}>
        {none && <option value="">{none}</option>}
        {columns.map((it) => (
          <option key={it.name} value={it.name}>
            {it.name}
            {it.unit ? ` (${it.unit})` : ""}
          </option>
        ))}
      </select>
    </div>
  );
  return (
    <Dialog title="Plot" close={close}>
      <div class="plot-pick">
        {pick("plot-x", "Across", x, setX)}
        {pick("plot-y", "Up", y, setY, "How many (histogram)")}
      </div>
      <Plot source={source} x={columns.find((it) => it.name === x) ?? first} y={columns.find((it) => it.name === y)} />
    </Dialog>
  );
}

function Plot({ source, x, y }: { source: Source; x: Column; y: Column | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const points = useMemo(() => {
    const found: [number, number][] = [];
    for (const row of source.rows) {
      const [a, b] = [row?.[x.name], y ? row?.[y.name] : 0];
      if (typeof a === "number" && typeof b === "number") found.push([a, b]);
    }
    return found;
  }, [source, source.known, x, y]);
  useEffect(() => {
    if (canvas.current && points.length) draw(canvas.current, points, x, y);
  }, [points]);
  if (!points.length) return <State icon="chart" title="No numbers in these rows" />;
  return (
    <figure class="plot">
      <canvas ref={canvas} role="img" aria-label={y ? `${y.name} against ${x.name}` : `Histogram of ${x.name}`} />
      <figcaption class="dim">
        {grouped(points.length)} of {source.total === undefined ? "the rows" : `${grouped(source.total)} rows`}
        {source.whole ? "" : ", those loaded so far"}
      </figcaption>
    </figure>
  );
}

const [LEFT, RIGHT, TOP, BOTTOM] = [64, 16, 12, 44];

function draw(canvas: HTMLCanvasElement, points: [number, number][], x: Column, y: Column | undefined): void {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const ratio = Math.min(devicePixelRatio || 1, 2);
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const [ink, line, accent] = ["--dim", "--line", "--accent"].map((it) => style.getPropertyValue(it));
  const across = axis(points.map((it) => it[0]));
  const bins = y ? undefined : histogram(points.map((it) => it[0]), across);
  const up = bins ? { ...axis([0, Math.max(...bins)]), low: 0 } : axis(points.map((it) => it[1]));
  const px = (value: number) => LEFT + ((value - across.low) / (across.high - across.low)) * (width - LEFT - RIGHT);
  const py = (value: number) => height - BOTTOM - ((value - up.low) / (up.high - up.low)) * (height - TOP - BOTTOM);
  pen.font = "11px Inter, system-ui, sans-serif";
  pen.lineWidth = 1;
  pen.strokeStyle = line;
  pen.fillStyle = ink;
  pen.textAlign = "center";
  for (const tick of across.ticks) {
    pen.beginPath();
    pen.moveTo(px(tick), TOP);
    pen.lineTo(px(tick), height - BOTTOM);
    pen.stroke();
    pen.fillText(short(tick), px(tick), height - BOTTOM + 16);
  }
  pen.textAlign = "right";
  for (const tick of up.ticks) {
    pen.beginPath();
    pen.moveTo(LEFT, py(tick));
    pen.lineTo(width - RIGHT, py(tick));
    pen.stroke();
    pen.fillText(short(tick), LEFT - 8, py(tick) + 4);
  }
  pen.textAlign = "center";
  pen.font = "550 12px Inter, system-ui, sans-serif";
  const named = (column: Column) => (column.unit ? `${column.name} (${column.unit})` : column.name);
  pen.fillText(named(x), (LEFT + width - RIGHT) / 2, height - 8);
  pen.save();
  pen.translate(13, (TOP + height - BOTTOM) / 2);
  pen.rotate(-Math.PI / 2);
  pen.fillText(y ? named(y) : "rows", 0, 0);
  pen.restore();
  pen.fillStyle = accent;
  if (bins) {
    const size = (width - LEFT - RIGHT) / bins.length;
    bins.forEach((count, at) => {
      const high = height - BOTTOM - py(count);
      pen.fillRect(LEFT + at * size + 0.5, py(count), Math.max(1, size - 1), high);
    });
    return;
  }
  pen.globalAlpha = points.length > 3000 ? 0.25 : 0.55;
  for (const [a, b] of points) {
    pen.beginPath();
    pen.arc(px(a), py(b), points.length > 3000 ? 1.5 : 2.2, 0, 2 * Math.PI);
    pen.fill();
  }
  // Light dots on dark need less.
  pen.globalAlpha = isDark() ? 0.9 : 1;
}

function histogram(values: number[], { low, high }: Axis): number[] {
  const bins = new Array<number>(Math.max(8, Math.min(60, Math.round(Math.sqrt(values.length) * 1.5)))).fill(0);
  for (const value of values) bins[Math.min(bins.length - 1, Math.floor(((value - low) / (high - low)) * bins.length))]++;
  return bins;
}

function short(value: number): string {
  const size = Math.abs(value);
  if (size && (size < 1e-3 || size >= 1e6)) return value.toExponential(1).replace("e+", "e");
  return number(Number(value.toPrecision(6)));
}
