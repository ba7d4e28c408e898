/** Links of a dataset (DataLink 1.1), and the services that they describe. */
import { ROOT, Refused, get } from "./service";

export interface Link {
  url: string;
  service: string;
  error: string;
  semantics: string;
  description: string;
  type: string;
  size: number | undefined;
}

export interface Input {
  name: string;
  value: string;
  datatype: string;
  unit: string;
  ucd: string;
  xtype: string;
  description: string;
  low: string;
  high: string;
  options: string[];
}

/** A service descriptor (DataLink 1.1 section 4). */
export interface Service {
  id: string;
  name: string;
  url: string;
  standard: string;
  inputs: Input[];
}

export interface Links {
  links: Link[];
  services: Service[];
}

const local = (root: ParentNode, name: string) =>
  [...(root as Element).getElementsByTagName("*")].filter((it) => it.localName === name);

/** Nothing where this service has no links. */
export async function linksOf(did: string): Promise<Links | undefined> {
  let text: string;
  try {
    text = await (await get(`/datalink/links?${new URLSearchParams({ ID: did, RESPONSEFORMAT: "votable/td" })}`)).text();
  } catch (error) {
    if (error instanceof Refused && [404, 405, 400, 406, 415].includes(error.status)) return undefined;
    throw error;
  }
  return read(new DOMParser().parseFromString(text, "text/xml").documentElement);
}

export function read(document: Element): Links {
  const results = local(document, "RESOURCE").find((it) => it.getAttribute("type") === "results");
  const names = results ? local(results, "FIELD").map((it) => it.getAttribute("name") ?? "") : [];
  const links = (results ? local(results, "TR") : []).map((row): Link => {
    const cells = local(row, "TD").map((it) => it.textContent?.trim() ?? "");
    const cell = (name: string) => cells[names.indexOf(name)] ?? "";
    const size = Number(cell("content_length"));
    return {
      url: cell("access_url"),
      service: cell("service_def"),
      error: cell("error_message"),
      semantics: cell("semantics"),
      description: cell("description"),
      type: cell("content_type"),
      size: size > 0 ? size : undefined,
    };
  });
  const services = local(document, "RESOURCE")
    .filter((it) => it.getAttribute("utype") === "adhoc:service")
    .map(service);
  return { links, services };
}

function service(resource: Element): Service {
  const own = [...resource.children].filter((it) => it.localName === "PARAM");
  const param = (name: string) => own.find((it) => it.getAttribute("name") === name)?.getAttribute("value") ?? "";
  const group = [...resource.children].find((it) => it.localName === "GROUP" && it.getAttribute("name") === "inputParams");
  return {
    id: resource.getAttribute("ID") ?? "",
    name: resource.getAttribute("name") ?? "",
    url: param("accessURL"),
    standard: param("standardID"),
    inputs: (group ? local(group, "PARAM") : []).map((it) => ({
      name: it.getAttribute("name") ?? "",
      value: it.getAttribute("value") ?? "",
      datatype: it.getAttribute("datatype") ?? "char",
      unit: it.getAttribute("unit") ?? "",
      ucd: it.getAttribute("ucd") ?? "",
      xtype: it.getAttribute("xtype") ?? "",
      description: local(it, "DESCRIPTION")[0]?.textContent?.trim() ?? "",
      low: local(it, "MIN")[0]?.getAttribute("value") ?? "",
      high: local(it, "MAX")[0]?.getAttribute("value") ?? "",
      options: local(it, "OPTION").map((option) => option.getAttribute("value") ?? ""),
    })),
  };
}

/** Words for the terms of http://www.ivoa.net/rdf/datalink/core. */
const TERMS: Record<string, string> = {
  "#this": "The dataset",
  "#preview": "Preview",
  "#preview-image": "Preview",
  "#preview-plot": "Plot",
  "#thumbnail": "Thumbnail",
  "#cutout": "Cut-out",
  "#proc": "Processing",
  "#auxiliary": "Additional",
  "#progenitor": "Made from",
  "#derivation": "Made of it",
  "#calibration": "Calibration",
  "#bias": "Bias",
  "#dark": "Dark",
  "#flat": "Flat field",
  "#weight": "Weights",
  "#noise": "Noise",
  "#error": "Errors",
  "#coderived": "Made together with it",
  "#documentation": "Documentation",
  "#detached-header": "Header",
  "#package": "Package",
  "#counterpart": "Counterpart",
};

export const term = (semantics: string) =>
  TERMS[semantics] ?? semantics.replace(/^.*#/, "").replaceAll("-", " ").replace(/^./, (it) => it.toUpperCase());

/** Whether an address is one of this service: its files may be shown inside the page. */
export const isOurs = (url: string) => {
  try {
    const { origin, pathname } = new URL(url, location.href);
    return origin === location.origin && pathname.startsWith(`${ROOT}/`);
  } catch {
    return false;
  }
};
