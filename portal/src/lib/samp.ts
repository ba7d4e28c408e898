/**
 * Sending a table to TOPCAT, Aladin and others on this machine: the Web Profile
 * of SAMP 1.3 (https://www.ivoa.net/documents/SAMP/20120411/, section 5), as
 * much of it as a sender needs. The hub asks the user whether we may.
 */
const HUB = "http://localhost:21012/";

export class NoHub extends Error {}

type Value = string | Value[] | { [name: string]: Value };

async function call(method: string, ...params: Value[]): Promise<Value> {
  const escape = (text: string) => text.replace(/[&<>]/g, (it) => `&#${it.charCodeAt(0)};`);
  const write = (value: Value): string =>
    typeof value === "string"
      ? `<value><string>${escape(value)}</string></value>`
      : Array.isArray(value)
        ? `<value><array><data>${value.map(write).join("")}</data></array></value>`
        : `<value><struct>${Object.entries(value)
            .map(([name, it]) => `<member><name>${escape(name)}</name>${write(it)}</member>`)
            .join("")}</struct></value>`;
  const body = `<?xml version="1.0"?><methodCall><methodName>samp.webhub.${method}</methodName><params>${params
    .map((it) => `<param>${write(it)}</param>`)
    .join("")}</params></methodCall>`;
  let answer: Response;
  try {
    answer = await fetch(HUB, { method: "POST", headers: { "Content-Type": "text/xml" }, body });
  } catch {
    throw new NoHub("No SAMP hub runs on this machine. Start TOPCAT or Aladin, then send again.");
  }
  const document = new DOMParser().parseFromString(await answer.text(), "text/xml");
  const fault = document.querySelector("fault");
  if (fault) throw new Error(fault.textContent?.trim() || "The SAMP hub refused.");
  const value = document.querySelector("params > param > value");
  return value ? read(value) : "";
}

function read(value: Element): Value {
  const inner = value.firstElementChild;
  if (!inner) return value.textContent ?? "";
  if (inner.tagName === "struct") {
    const members = [...inner.children].map((member) => {
      const held = member.querySelector(":scope > value");
      return [member.querySelector(":scope > name")?.textContent ?? "", held ? read(held) : ""] as const;
    });
    return Object.fromEntries(members);
  }
  if (inner.tagName === "array") return [...inner.querySelectorAll(":scope > data > value")].map(read);
  return inner.textContent ?? "";
}

/** Sends a table by its address to whoever listens; tells how many there are. */
export async function send(address: string, name: string): Promise<number> {
  const registered = await call("register", { "samp.name": name });
  const key = (registered as Record<string, Value>)["samp.private-key"] as string;
  try {
    const told = await call("notifyAll", key, {
      "samp.mtype": "table.load.votable",
      "samp.params": { url: address, "table-id": address, name },
    });
    return Array.isArray(told) ? told.length : 0;
  } finally {
    await call("unregister", key).catch(() => undefined);
  }
}
