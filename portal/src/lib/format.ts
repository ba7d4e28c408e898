/** Values as people read them. */

/** With thin spaces between thousands. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

/** How long ago: "12 s ago", "3 days ago". */
export function age(moment: string): string {
  const seconds = (Date.now() - Date.parse(moment)) / 1000;
  const told = duration(Math.abs(seconds));
  return seconds < 0 ? `in ${told}` : `${told} ago`;
}

export function duration(seconds: number): string {
  const [count, unit] =
    seconds < 90
      ? [seconds, "s"]
      : seconds < 5400
        ? [seconds / 60, "min"]
        : seconds < 129600
          ? [seconds / 3600, "h"]
          : seconds < 86400 * 600
            ? [seconds / 86400, "days"]
            : [seconds / 31557600, "years"];
  return `${count < 10 && unit === "years" ? count.toFixed(1) : Math.round(count)} ${unit}`;
}

/** Modified Julian Date of a moment, and back. */
export const mjd = (milliseconds: number) => milliseconds / 86400e3 + 40587;
export const fromMjd = (mjd: number) => new Date((mjd - 40587) * 86400e3);

/** To the second, UTC. */
export const utc = (date: Date) => date.toISOString().slice(0, 19).replace("T", " ");

/** A number in few digits, as exact as a table needs it. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-4) return value.toExponential(4).replace(/\.?0+e/, "e").replace("e+", "e");
  return String(Number(value.toPrecision(10)));
}

/** A wavelength in metres in the unit of its people. */
export function wavelength(metres: number): string {
  const [value, unit] =
    metres < 1e-8 ? [metres * 1e10, "Å"]
    : metres < 1e-6 ? [metres * 1e9, "nm"]
    : metres < 1e-3 ? [metres * 1e6, "µm"]
    : metres < 1 ? [metres * 1e3, "mm"]
    : [metres, "m"];
  return `${value >= 10 ? Math.round(value) : value.toFixed(2)} ${unit}`;
}

export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  while (count >= 1000 && at < units.length - 1) {
    count /= 1000;
    at += 1;
  }
  return `${count >= 100 || at === 0 ? Math.round(count) : count.toFixed(1)} ${units[at]}`;
}

/** Hours, minutes, seconds and degrees of a position. */
export function sexagesimal(ra: number, dec: number): string {
  const split = (value: number, digits: number) => {
    let [whole, rest] = [Math.floor(value), (value % 1) * 60];
    let [minutes, seconds] = [Math.floor(rest), (rest % 1) * 60];
    if (Number(seconds.toFixed(digits)) >= 60) [seconds, minutes] = [0, minutes + 1];
    if (minutes >= 60) [minutes, whole] = [0, whole + 1];
    const pad = seconds.toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
    return `${String(whole).padStart(2, "0")}:${String(minutes).padStart(2, "0")}:${pad}`;
  };
  return `${split((((ra % 360) + 360) % 360) / 15, 1)} ${dec < 0 ? "−" : "+"}${split(Math.abs(dec), 0)}`;
}
