/** Jobs (UWS 1.1), as this service tells of them. */
import { form, get, post, remove } from "./service";

export type Phase = "PENDING" | "QUEUED" | "EXECUTING" | "COMPLETED" | "ERROR" | "ABORTED" | "HELD" | "SUSPENDED" | "ARCHIVED" | "UNKNOWN";

export interface Job {
  id: string;
  phase: Phase;
  created: string;
  started: string;
  ended: string;
  quote: string;
  destruction: string;
  seconds: number;
  error: string;
  query: string;
  format: string;
  maxrec: string;
  hasUploads: boolean;
  result: { size: number; media: string } | undefined;
  /** Jobs before it in the queue. */
  ahead: number | undefined;
  rows: number | undefined;
  expectedRows: number | undefined;
}

const BUSY: Phase[] = ["QUEUED", "EXECUTING", "HELD", "SUSPENDED"];
export const isBusy = (job: Job) => BUSY.includes(job.phase);

const all = (node: ParentNode, name: string) =>
  [...(node as Element).getElementsByTagName("*")].filter((it) => it.localName === name);
const text = (node: ParentNode, name: string) => all(node, name)[0]?.textContent?.trim() ?? "";
const number = (node: ParentNode, name: string) => {
  const found = text(node, name);
  return found === "" ? undefined : Number(found);
};

async function xml(path: string, signal?: AbortSignal): Promise<Document> {
  return new DOMParser().parseFromString(await (await get(path, signal)).text(), "text/xml");
}

export async function list(): Promise<{ id: string; phase: Phase; created: string }[]> {
  const document = await xml("/tap/async?LAST=100");
  return all(document, "jobref").map((it) => ({
    id: it.getAttribute("id") ?? "",
    phase: text(it, "phase") as Phase,
    created: text(it, "creationTime"),
  }));
}

export async function job(id: string): Promise<Job> {
  const document = await xml(`/tap/async/${encodeURIComponent(id)}`);
  const parameters = new Map(
    all(document, "parameter").map((it) => [(it.getAttribute("id") ?? "").toUpperCase(), it.textContent ?? ""]),
  );
  const result = all(document, "result")[0];
  return {
    id,
    phase: (text(document, "phase") || "UNKNOWN") as Phase,
    created: text(document, "creationTime"),
    started: text(document, "startTime"),
    ended: text(document, "endTime"),
    quote: text(document, "quote"),
    destruction: text(document, "destruction"),
    seconds: number(document, "executionDuration") ?? 0,
    error: text(document, "message"),
    query: parameters.get("QUERY") ?? "",
    format: parameters.get("RESPONSEFORMAT") || parameters.get("FORMAT") || "votable",
    maxrec: parameters.get("MAXREC") ?? "",
    hasUploads: parameters.has("UPLOAD"),
    result: result && { size: Number(result.getAttribute("size") ?? 0), media: result.getAttribute("mime-type") ?? "" },
    ahead: number(document, "ahead"),
    rows: number(document, "rows"),
    expectedRows: number(document, "expectedRows"),
  };
}

const phase = (id: string, PHASE: string) => post(`/tap/async/${encodeURIComponent(id)}/phase`, form({ PHASE }));
export const abort = (id: string) => phase(id, "ABORT");
export const start = (id: string) => phase(id, "RUN");
export const destroy = (id: string) => remove(`/tap/async/${encodeURIComponent(id)}`);

/** Jobs that were made in this browser: a service may show no list. */
export const mine = {
  read(): string[] {
    try {
      return JSON.parse(localStorage.getItem("jobs") ?? "[]") as string[];
    } catch {
      return [];
    }
  },
  write(ids: string[]): void {
    try {
      localStorage.setItem("jobs", JSON.stringify(ids.slice(0, 100)));
    } catch {
      // Storage may be forbidden; the service's list is what there is then.
    }
  },
  add(id: string): void {
    mine.write([id, ...mine.read().filter((it) => it !== id)]);
  },
};
