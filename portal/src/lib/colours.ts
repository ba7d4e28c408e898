/** Colours of footprints, light enough for the dark map. */
import type { Row } from "./service";

export type Colouring = "band" | "time" | "collection";

/** From violet to red as the eye sees them, and beyond. */
const BANDS: [number, string][] = [
  [1e-8, "#f08bff"],
  [4.0e-7, "#b69bff"],
  [5.0e-7, "#6db5ff"],
  [5.9e-7, "#5fe0c0"],
  [6.6e-7, "#a6e36a"],
  [7.6e-7, "#ffd75e"],
  [9.0e-7, "#ffab57"],
  [1.05e-6, "#ff8264"],
  [1e-4, "#ff6f91"],
];
const TIMES = ["#7d7bff", "#4fa3ff", "#43cfd8", "#6fe39a", "#c8e85f", "#ffd75e", "#ff9d57"];
const OTHERS = ["#6db5ff", "#ffc46b", "#7be0a3", "#f08bff", "#ff8264", "#5fe0e0", "#d6e36a", "#b69bff"];
const NONE = "#a6b3d3";

const number = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : undefined);

/** What each row is drawn in, and what that means. */
export function colours(rows: (Row | undefined)[], by: Colouring): { of: (row: Row) => string; legend: [string, string][] } {
  if (by === "band") {
    const of = (row: Row) => {
      const [low, high] = [number(row.em_min), number(row.em_max)];
      const middle = low !== undefined && high !== undefined ? Math.sqrt(low * high) : (low ?? high);
      if (middle === undefined) return NONE;
      return (BANDS.find(([to]) => middle < to) ?? BANDS[BANDS.length - 1])[1];
    };
    const seen = new Set(rows.flatMap((row) => (row ? [of(row)] : [])));
    const names = ["< 10 nm", "< 400 nm", "400–500 nm", "500–590 nm", "590–660 nm", "660–760 nm", "760–900 nm", "900–1050 nm", "> 1.05 µm"];
    const legend = BANDS.map(([, colour], at) => [colour, names[at]] as [string, string]);
    return { of, legend: legend.filter(([colour]) => seen.has(colour)) };
  }
  if (by === "time") {
    let [low, high] = [Infinity, -Infinity];
    for (const row of rows) {
      const at = number(row?.t_min);
      if (at !== undefined) [low, high] = [Math.min(low, at), Math.max(high, at)];
    }
    const of = (row: Row) => {
      const at = number(row.t_min);
      if (at === undefined) return NONE;
      return TIMES[Math.min(TIMES.length - 1, Math.floor(((at - low) / (high - low || 1)) * TIMES.length))];
    };
    const day = (mjd: number) => new Date((mjd - 40587) * 86400e3).toISOString().slice(0, 10);
    return { of, legend: Number.isFinite(low) ? [[TIMES[0], day(low)], [TIMES[3], "…"], [TIMES[TIMES.length - 1], day(high)]] : [] };
  }
  const names: string[] = [];
  for (const row of rows) {
    const name = String(row?.obs_collection ?? "");
    if (row && !names.includes(name) && names.length < OTHERS.length) names.push(name);
  }
  return {
    of: (row) => OTHERS[names.indexOf(String(row.obs_collection ?? ""))] ?? NONE,
    legend: names.map((name, at) => [OTHERS[at], name || "none"]),
  };
}
