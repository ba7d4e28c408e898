/** The tables that there are, as VOSI tells them. */
import { get } from "./service";

export interface SchemaColumn {
  name: string;
  description: string;
  unit: string;
  ucd: string;
  utype: string;
  datatype: string;
  indexed: boolean;
  principal: boolean;
  key: boolean;
}

export interface ForeignKey {
  target: string;
  columns: [string, string][];
}

export interface Table {
  name: string;
  schema: string;
  description: string;
  columns: SchemaColumn[];
  keys: ForeignKey[];
  rows: number | undefined;
}

export interface Schema {
  tables: Table[];
}

let known: Promise<Schema> | undefined;

export function schema(): Promise<Schema> {
  known ??= load();
  return known;
}

const inner = (element: Element, name: string) =>
  [...element.children].find((it) => it.localName === name)?.textContent?.trim() ?? "";

async function load(): Promise<Schema> {
  const text = await (await get("/tap/tables?detail=max")).text();
  const document = new DOMParser().parseFromString(text, "text/xml");
  const tables = [...document.querySelectorAll("schema")].flatMap((schema) => {
    const schemaName = inner(schema, "name");
    return [...schema.children]
      .filter((it) => it.localName === "table")
      .map((table): Table => {
        const size = Number(inner(table, "nrows"));
        return {
          name: inner(table, "name"),
          schema: schemaName,
          description: inner(table, "description"),
          rows: size > 0 ? size : undefined,
          columns: [...table.children].filter((it) => it.localName === "column").map(column),
          keys: [...table.children]
            .filter((it) => it.localName === "foreignKey")
            .map((key) => ({
              target: inner(key, "targetTable"),
              columns: [...key.children]
                .filter((it) => it.localName === "fkColumn")
                .map((it) => [inner(it, "fromColumn"), inner(it, "targetColumn")] as [string, string]),
            })),
        };
      });
  });
  return { tables };
}

function column(element: Element): SchemaColumn {
  const type = [...element.children].find((it) => it.localName === "dataType");
  const flags = [...element.children].filter((it) => it.localName === "flag").map((it) => it.textContent?.trim());
  const size = type?.getAttribute("arraysize");
  const extended = type?.getAttribute("extendedType");
  const plain = type?.textContent?.trim() ?? "";
  const isText = plain === "char" || plain === "unicodeChar";
  return {
    name: inner(element, "name"),
    description: inner(element, "description"),
    unit: inner(element, "unit"),
    ucd: inner(element, "ucd"),
    utype: inner(element, "utype"),
    datatype: extended || (isText ? "text" : size ? `${plain}[${size}]` : plain),
    indexed: flags.includes("indexed"),
    principal: element.getAttribute("std") === "true",
    key: flags.includes("primary"),
  };
}

/** Examples that the service gives (DALI 1.1 section 2.3). */
export interface Example {
  name: string;
  query: string;
  description: string;
}

export async function examples(): Promise<Example[]> {
  const text = await (await get("/tap/examples")).text();
  const document = new DOMParser().parseFromString(text, "text/html");
  return [...document.querySelectorAll('[typeof="example"]')].map((it) => ({
    name: it.querySelector('[property="name"]')?.textContent?.trim() ?? "",
    query: it.querySelector('[property="query"]')?.textContent?.trim() ?? "",
    description: it.querySelector("p")?.textContent?.trim() ?? "",
  }));
}
