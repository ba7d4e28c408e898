/** Positions, times, wavelengths as people write them. */
import type { Position } from "./region";
import { mjd } from "./format";

/** "10.68 41.27", "0:42:44.3 +41:16:09", "00h42m44s −41d16m"; nothing where it is no position. */
export function readPosition(text: string): Position | undefined {
  const plain = text.trim().replaceAll("−", "-").replace(/\s*[,;]\s*/g, " ");
  const pair = /^([-+]?\d+(?:\.\d*)?)\s*(?:°|deg|d)?\s+([-+]?\d+(?:\.\d*)?)\s*(?:°|deg|d)?$/i.exec(plain);
  if (pair) return checked(Number(pair[1]), Number(pair[2]));
  const parts = /^(\d+)\s*[h:\s]\s*(\d+)\s*[m:\s]\s*(\d+(?:\.\d*)?)?\s*s?\s*([-+])?\s*(\d+)\s*[d°:\s]\s*(\d+)\s*['′m:\s]?\s*(\d+(?:\.\d*)?)?\s*(?:["″s])?$/i.exec(plain);
  if (!parts) return undefined;
  const [, h, m, s, sign, d, dm, ds] = parts;
  const ra = (Number(h) + Number(m) / 60 + Number(s ?? 0) / 3600) * 15;
  const dec = (Number(d) + Number(dm) / 60 + Number(ds ?? 0) / 3600) * (sign === "-" ? -1 : 1);
  return checked(ra, dec);
}

function checked(ra: number, dec: number): Position | undefined {
  return ra >= -360 && ra <= 720 && Math.abs(dec) <= 90 ? [((ra % 360) + 360) % 360, dec] : undefined;
}

/** MJD of a date, a moment or a number; a date is its beginning, or with `end` its end. */
export function readTime(text: string, end = false): number | undefined {
  const plain = text.trim();
  if (/^\d{4,6}(\.\d*)?$/.test(plain) && Number(plain) > 3000) return Number(plain);
  const date = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}(?:\.\d*)?))?Z?)?)?)?$/.exec(plain);
  if (!date) return undefined;
  const [, year, month, day, hour, minute, second] = date.map((it) => (it === undefined ? undefined : Number(it)));
  const at = Date.UTC(year!, (month ?? 1) - 1, day ?? 1, hour ?? 0, minute ?? 0, 0) + (second ?? 0) * 1000;
  if (Number.isNaN(at)) return undefined;
  if (!end || hour !== undefined) return mjd(at);
  const next = day !== undefined ? Date.UTC(year!, month! - 1, day + 1) : month !== undefined ? Date.UTC(year!, month, 1) : Date.UTC(year! + 1, 0, 1);
  return mjd(next);
}

/** Metres of one of each unit, or what a quantity that runs the other way is divided by. */
const UNITS: Record<string, (value: number) => number> = {
  nm: (value) => value * 1e-9,
  "Å": (value) => value * 1e-10,
  "µm": (value) => value * 1e-6,
  mm: (value) => value * 1e-3,
  cm: (value) => value * 1e-2,
  m: (value) => value,
  THz: (value) => 299792458 / (value * 1e12),
  GHz: (value) => 299792458 / (value * 1e9),
  MHz: (value) => 299792458 / (value * 1e6),
  eV: (value) => 1.239841984332e-6 / value,
  keV: (value) => 1.239841984332e-9 / value,
};
export const WAVE_UNITS = Object.keys(UNITS);
export const metres = (value: number, unit: string) => (UNITS[unit] ?? UNITS.m)(value);

/** Degrees in one of each unit. */
export const ANGLES: Record<string, number> = { deg: 1, arcmin: 1 / 60, arcsec: 1 / 3600 };
