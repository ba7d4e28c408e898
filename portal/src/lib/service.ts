/** This service, as scripts see it. */
const data = document.documentElement.dataset;

/** The path that all our addresses begin with. */
export const ROOT = data.root ?? "";
/** How others reach us. */
export const BASE = data.base || location.origin + ROOT;
export const RESOLVER = data.resolver;
export const ALADIN = data.aladin ? { script: data.aladin, survey: data.survey ?? "" } : undefined;

/** What a server said when it did not do what was asked. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export interface Column {
  name: string;
  datatype: string;
  arraysize?: string | null;
  xtype?: string | null;
  unit?: string | null;
  ucd?: string | null;
  utype?: string | null;
  description?: string | null;
}

export interface Message {
  code: string;
  sentence: string;
  hint: string | null;
  fix: { what: string; query: string } | null;
  place: { line: number; column: number; length: number } | null;
}

export interface Judged {
  columns: Column[];
  messages: Message[];
  sql: string | null;
}

export interface Group {
  value: string;
  rows: number;
  first: number | null;
  last: number | null;
}

export interface Facts {
  counted: boolean;
  rows: number;
  first: number | null;
  last: number | null;
  groups: Record<string, Group[]>;
  bands: { shortest: number; longest: number; rows: number }[];
}

export type Row = Record<string, unknown>;

/** A table that comes along with a query. */
export interface Upload {
  name: string;
  file: File;
}

export interface Asked {
  query: string;
  uploads?: Upload[];
  maxrec?: number;
  format?: string;
  signal?: AbortSignal;
}

/** The body of a form. */
export function form(fields: Record<string, string | number | undefined>): URLSearchParams {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) body.set(name, String(value));
  }
  return body;
}

async function ask(path: string, init?: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(ROOT + path, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused("The service cannot be reached just now.", 0);
  }
  if (!answer.ok) throw new Refused(await complaint(answer), answer.status);
  return answer;
}

/** The sentence of an answer that is no good: plain text, or a VOTable. */
async function complaint(answer: Response): Promise<string> {
  const text = await answer.text();
  if (!/^\s*</.test(text)) return text.trim() || `The answer has status ${answer.status}.`;
  const info = new DOMParser()
    .parseFromString(text, "text/xml")
    .querySelector('INFO[name="QUERY_STATUS"], title');
  return info?.textContent?.trim() || `The answer has status ${answer.status}.`;
}

export const get = (path: string, signal?: AbortSignal) => ask(path, { signal });
export const post = (path: string, body: BodyInit, signal?: AbortSignal) =>
  ask(path, { method: "POST", body, signal });
export const remove = (path: string) => ask(path, { method: "DELETE" });

export async function facts(signal?: AbortSignal): Promise<Facts> {
  return (await get("/portal/facts", signal)).json();
}

/** What is wrong with a query, or which columns its answer has. */
export async function judge(query: string, signal?: AbortSignal): Promise<Judged> {
  return (await post("/portal/check", form({ QUERY: query }), signal)).json();
}

/** What a request for an answer says; with tables it is a form of several parts. */
function request({ query, maxrec, uploads }: Asked, format: string): BodyInit {
  const fields = form({ LANG: "ADQL", RESPONSEFORMAT: format, QUERY: query, MAXREC: maxrec });
  if (!uploads?.length) return fields;
  const parts = new FormData();
  fields.forEach((value, name) => parts.set(name, value));
  uploads.forEach(({ name, file }, at) => {
    parts.append("UPLOAD", `${name},param:table${at}`);
    parts.set(`table${at}`, file, file.name);
  });
  return parts;
}

/** The rows of a query's answer. */
export async function rows<T = Row>(asked: Asked): Promise<T[]> {
  return (await post("/tap/sync", request(asked, "json"), asked.signal)).json();
}

/** The columns of an answer to a query with tables of its own. */
export async function fields(asked: Asked): Promise<Column[]> {
  const text = await (await post("/tap/sync", request({ ...asked, maxrec: 0 }, "votable/td"), asked.signal)).text();
  return [...new DOMParser().parseFromString(text, "text/xml").querySelectorAll("FIELD")].map((field) => ({
    name: field.getAttribute("name") ?? "",
    datatype: field.getAttribute("datatype") ?? "char",
    arraysize: field.getAttribute("arraysize"),
    xtype: field.getAttribute("xtype"),
    unit: field.getAttribute("unit"),
    ucd: field.getAttribute("ucd"),
    description: field.querySelector("DESCRIPTION")?.textContent,
  }));
}

/** Makes a job that runs; gives its identifier. */
export async function startJob(asked: Asked, format: string): Promise<string> {
  const body = request(asked, format);
  body instanceof FormData ? body.set("PHASE", "RUN") : (body as URLSearchParams).set("PHASE", "RUN");
  const answer = await post("/tap/async", body);
  const id = new URL(answer.url).pathname.split("/").pop();
  if (!id || id === "async") throw new Refused("The service made no job.", answer.status);
  return id;
}

/** The address of an answer, for downloads and for other programs. */
export function answerAt(query: string, format: string, maxrec?: number, base = BASE): string {
  return `${base}/tap/sync?${form({ LANG: "ADQL", RESPONSEFORMAT: format, MAXREC: maxrec, QUERY: query })}`;
}

/** Text as ADQL writes it. */
export const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** Whether an error is only that nobody waits any more. */
export const isAborted = (error: unknown) => error instanceof DOMException && error.name === "AbortError";

export const sentence = (error: unknown) => (error instanceof Error ? error.message : String(error));
