/** The answer to a query as a table that is fetched piece by piece. */
import { fields, isAborted, judge, quoted, rows as fetchRows, sentence } from "./service";
import type { Column, Row, Upload } from "./service";

export interface Order {
  column: string;
  down: boolean;
}

/** Rows of one piece after the first. */
const PIECE = 1000;

/** Whether the query says itself how many rows or from which on. */
const counts = (query: string) =>
  /^\s*(?:--.*\n\s*)*SELECT\s+(?:ALL\s+|DISTINCT\s+)?TOP\s+\d/i.test(query) || /\bOFFSET\s+\d+\s*;?\s*$/i.test(query);

export class Source extends EventTarget {
  readonly query: string;
  columns: Column[] = [];
  /** By place in the answer; pieces that have not come are missing. */
  rows: (Row | undefined)[] = [];
  /** How many there are, once that is known. */
  total: number | undefined;
  /** Rows that are there for sure. */
  known = 0;
  order: Order | undefined;
  error: string | undefined;
  busy = false;
  seconds = 0;
  /** Cut off by a limit of the service. */
  overflow = false;
  private stop = new AbortController();
  private asked = new Set<number>();

  constructor(
    query: string,
    readonly first = 1000,
    readonly uploads: Upload[] = [],
  ) {
    super();
    this.query = query.trim().replace(/;\s*$/, "");
  }

  async open(): Promise<void> {
    this.busy = true;
    this.changed();
    const began = performance.now();
    try {
      const [columns, rows] = await Promise.all([
        this.uploads.length ? fields(this.asking(this.query)) : judge(this.query, this.stop.signal).then((it) => it.columns),
        fetchRows<Row>({ ...this.asking(this.text()), maxrec: this.limit() }),
      ]);
      this.columns = columns;
      this.rows = rows;
      this.known = rows.length;
      this.asked = new Set();
      const whole = rows.length < this.limit();
      this.total = whole ? rows.length : undefined;
      this.overflow = !whole && !this.pages;
      if (this.overflow) this.total = rows.length;
      this.error = undefined;
    } catch (error) {
      if (isAborted(error)) return;
      this.error = sentence(error);
      this.rows = [];
      this.known = 0;
      this.total = 0;
    }
    this.seconds = (performance.now() - began) / 1000;
    this.busy = false;
    this.changed();
    if (this.total === undefined) void this.count();
  }

  /** Whether more can be fetched by OFFSET. */
  get pages(): boolean {
    return !counts(this.query);
  }

  close(): void {
    this.stop.abort();
  }

  private asking(query: string) {
    return { query, uploads: this.uploads, signal: this.stop.signal };
  }

  private limit(): number {
    return this.pages ? this.first : Math.max(this.first, 20000);
  }

  /** The query in the order that is looked at. */
  text(): string {
    if (!this.order) return this.query;
    const { column, down } = this.order;
    return `SELECT * FROM (\n${this.query}\n) AS answer\nORDER BY "${column.replaceAll('"', '""')}"${down ? " DESC" : ""}`;
  }

  private async count(): Promise<void> {
    try {
      const query = `SELECT COUNT(*) AS n FROM (\n${this.query}\n) AS answer`;
      const [{ n }] = await fetchRows<{ n: number }>(this.asking(query));
      this.total = Math.max(n, this.known);
      this.changed();
    } catch {
      // How many there are stays open; the rows come as they are scrolled to.
    }
  }

  /** Sees to it that the rows from `from` to before `to` come. */
  want(from: number, to: number): void {
    if (!this.pages || this.busy) return;
    const end = Math.min(to, this.total ?? this.known + PIECE);
    for (let piece = Math.floor(from / PIECE); piece * PIECE < end; piece++) {
      const start = Math.max(piece * PIECE, 0);
      let missing = false;
      for (let at = Math.max(start, from); at < Math.min(start + PIECE, end); at++) missing ||= !this.rows[at];
      if (missing && !this.asked.has(piece)) void this.fetch(piece);
    }
  }

  private async fetch(piece: number): Promise<void> {
    this.asked.add(piece);
    const start = piece * PIECE;
    try {
      const query = start ? `${this.text()}\nOFFSET ${start}` : this.text();
      const rows = await fetchRows<Row>({ ...this.asking(query), maxrec: PIECE });
      rows.forEach((row, at) => (this.rows[start + at] = row));
      this.known = Math.max(this.known, start + rows.length);
      if (rows.length < PIECE) this.total = start + rows.length;
      this.changed();
    } catch (error) {
      if (isAborted(error)) return;
      this.asked.delete(piece);
      this.error = sentence(error);
      this.changed();
    }
  }

  /** Whether all rows are here. */
  get whole(): boolean {
    return this.total !== undefined && this.rows.length >= this.total && !this.rows.includes(undefined);
  }

  /** Orders by a column: here where all rows are here, else by asking again. */
  async sort(order: Order | undefined): Promise<void> {
    this.order = order;
    if (this.whole && order) {
      const sign = order.down ? -1 : 1;
      const values = this.rows as Row[];
      values.sort((a, b) => sign * compare(a[order.column], b[order.column]));
      this.changed();
      return;
    }
    await this.open();
  }

  private changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

/** Nothing comes last. */
function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  return a < b ? -1 : 1;
}

/** Code for other programs that asks the same. */
export function recipes(query: string, address: string): { name: string; text: string }[] {
  const shell = quoted(query).replaceAll("''", "'\\''");
  return [
    {
      name: "pyvo",
      text: `import pyvo\n\ntap = pyvo.dal.TAPService("${address}")\nquery = """\n${query.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"')}\n"""\ntable = tap.search(query).to_table()\n`,
    },
    { name: "STILTS", text: `stilts tapquery sync=true tapurl=${address} \\\n  out=answer.vot adql=${shell}\n` },
    {
      name: "curl",
      text: `curl -sS ${address}/sync -o answer.csv \\\n  -d LANG=ADQL -d RESPONSEFORMAT=csv \\\n  --data-urlencode QUERY=${shell}\n`,
    },
  ];
}
