/** The formats that answers come in, as the capabilities name them. */
import { get } from "./service";

export interface Format {
  alias: string;
  media: string;
  title: string;
}

const TITLES: Record<string, string> = {
  votable: "VOTable",
  "votable/td": "VOTable, as text",
  csv: "CSV",
  tsv: "TSV",
  json: "JSON",
  ndjson: "JSON lines",
  fits: "FITS",
  parquet: "Parquet",
  arrow: "Arrow",
  html: "Page",
  text: "Plain text",
  geojson: "GeoJSON",
  moc: "MOC of the positions",
};

let known: Promise<Format[]> | undefined;

export function formats(): Promise<Format[]> {
  known ??= load();
  return known;
}

async function load(): Promise<Format[]> {
  const text = await (await get("/tap/capabilities")).text();
  const document = new DOMParser().parseFromString(text, "text/xml");
  const found = [...document.querySelectorAll("outputFormat")].map((it) => {
    const media = it.querySelector("mime")?.textContent ?? "";
    const alias = it.querySelector("alias")?.textContent ?? media;
    return { alias, media, title: TITLES[alias] ?? alias };
  });
  return found.filter((it) => it.alias !== "votable/b" && it.alias !== "html");
}
