/** The first page draws the map and keeps ages going; all else stands already. */
import { geoGraticule, geoPath } from "d3-geo";
import "../lib/page";
import { age } from "../lib/format";
import type { Moc } from "../lib/healpix";
import { outlines } from "../lib/healpix";
import { HAMMER_HALF, hammer } from "../lib/projection";
import { facts, get } from "../lib/service";

const canvas = document.getElementById("sky") as HTMLCanvasElement;
let moc: Moc | undefined;

/** Galactic coordinates in degrees to equatorial ones (J2000). */
function equatorial(l: number, b: number): [number, number] {
  const radians = Math.PI / 180;
  const [pole, poleDec, node] = [192.85948 * radians, 27.12825 * radians, 122.93192 * radians];
  const [lon, lat] = [node - l * radians, b * radians];
  const dec = Math.asin(Math.sin(poleDec) * Math.sin(lat) + Math.cos(poleDec) * Math.cos(lat) * Math.cos(lon));
  const ra =
    pole +
    Math.atan2(
      Math.cos(lat) * Math.sin(lon),
      Math.cos(poleDec) * Math.sin(lat) - Math.sin(poleDec) * Math.cos(lat) * Math.cos(lon),
    );
  return [(ra / radians + 360) % 360, dec / radians];
}

function draw(): void {
  const width = canvas.clientWidth;
  const height = Math.round(width / 2) + 4;
  const ratio = Math.min(devicePixelRatio || 1, 2);
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const pen = canvas.getContext("2d");
  if (!pen || width === 0) return;
  pen.scale(ratio, ratio);
  const projection = hammer()
    .rotate([-180, 0])
    .scale((width / 2 - 2) / HAMMER_HALF)
    .translate([width / 2, height / 2]);
  const path = geoPath(projection, pen);

  const glow = pen.createRadialGradient(width / 2, height / 2, 0, width / 2, height / 2, width / 2);
  glow.addColorStop(0, "#16214a");
  glow.addColorStop(1, "#0c1430");
  pen.beginPath();
  path({ type: "Sphere" });
  pen.fillStyle = glow;
  pen.fill();

  // The band of the Milky Way, broad and faint.
  const plane = Array.from({ length: 181 }, (_, i) => equatorial(i * 2, 0));
  pen.lineCap = "round";
  for (const [breadth, strength] of [
    [0.085, 0.035],
    [0.05, 0.045],
    [0.022, 0.05],
  ]) {
    pen.beginPath();
    path({ type: "LineString", coordinates: plane });
    pen.lineWidth = width * breadth;
    pen.strokeStyle = `rgb(150 175 255 / ${strength})`;
    pen.stroke();
  }

  pen.beginPath();
  path(geoGraticule().step([30, 30]).extent([[-180, -90.01], [180, 90.01]])());
  pen.lineWidth = 0.6;
  pen.strokeStyle = "rgb(140 160 220 / 24%)";
  pen.stroke();

  if (moc) {
    pen.beginPath();
    for (const ring of outlines(moc)) path({ type: "Polygon", coordinates: [clockwise(ring)] });
    pen.shadowColor = "rgb(255 190 95 / 55%)";
    pen.shadowBlur = 14 * ratio;
    pen.fillStyle = "rgb(255 196 107 / 85%)";
    pen.fill();
    pen.shadowBlur = 0;
    pen.lineWidth = 0.7;
    pen.strokeStyle = "rgb(255 205 128 / 90%)";
    pen.stroke();
  }

  pen.beginPath();
  path({ type: "Sphere" });
  pen.lineWidth = 1;
  pen.strokeStyle = "#3b4d86";
  pen.stroke();

  pen.font = `500 ${width < 420 ? 9 : 10.5}px Inter, system-ui, sans-serif`;
  pen.fillStyle = "rgb(190 203 240 / 75%)";
  pen.textAlign = "center";
  pen.textBaseline = "top";
  for (const hour of width < 420 ? [18, 12, 6] : [20, 16, 12, 8, 4]) {
    const at = projection([hour * 15, 0]);
    if (at) pen.fillText(`${hour}ʰ`, at[0], at[1] + 3);
  }
  pen.textBaseline = "middle";
  for (const dec of [60, 30, -30, -60]) {
    const at = projection([180, dec]);
    if (at) pen.fillText(`${dec > 0 ? "+" : "−"}${Math.abs(dec)}°`, at[0], at[1]);
  }
}

/** The side that d3 takes for the inside: the smaller one of a cell. */
function clockwise(ring: [number, number][]): [number, number][] {
  return ring.slice().reverse();
}

async function coverage(): Promise<void> {
  try {
    moc = await (await get("/tap/coverage?KIND=space&ORDER=6&RESPONSEFORMAT=json")).json();
    draw();
  } catch {
    const note = document.getElementById("sky-note");
    if (note) note.textContent = "The coverage could not be drawn just now.";
  }
}

function tick(): void {
  const time = document.getElementById("newest");
  const moment = time?.getAttribute("datetime");
  if (time && moment) {
    time.textContent = age(moment);
    time.title = moment.replace("T", " ").replace("Z", " UTC");
  }
}

/** New observations are told without a reload. */
async function look(): Promise<void> {
  if (document.hidden) return;
  const known = await facts().catch(() => undefined);
  const time = document.getElementById("newest");
  if (known?.counted && !time) location.reload();
  if (known?.last && time) {
    const moment = new Date((known.last - 40587) * 86400e3).toISOString();
    time.setAttribute("datetime", moment.replace(/\.\d+/, ""));
    tick();
  }
}

draw();
void coverage();
tick();
setInterval(tick, 1000);
setInterval(look, 15000);
if (!document.getElementById("newest")) setTimeout(look, 1500);
new ResizeObserver(draw).observe(canvas);
void document.fonts?.ready.then(draw);
