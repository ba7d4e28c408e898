/** ADQL with its clauses on lines of their own. */
const CLAUSES = /^(SELECT|FROM|WHERE|GROUP BY|HAVING|ORDER BY|OFFSET|UNION(?: ALL)?|INTERSECT|EXCEPT|WITH)$/;
const JOINS = /^(?:NATURAL )?(?:(?:LEFT|RIGHT|FULL)(?: OUTER)? |INNER |CROSS )?JOIN$/;
const WORDS =
  /^(GROUP\s+BY|ORDER\s+BY|UNION\s+ALL|(?:NATURAL\s+)?(?:(?:LEFT|RIGHT|FULL)(?:\s+OUTER)?\s+|INNER\s+|CROSS\s+)?JOIN|SELECT|TOP|DISTINCT|FROM|WHERE|HAVING|OFFSET|UNION|INTERSECT|EXCEPT|WITH|AND|OR|NOT|IN|BETWEEN|LIKE|IS|NULL|AS|ON|USING|CASE|WHEN|THEN|ELSE|END|EXISTS|ASC|DESC)\b/i;

export function laidOut(text: string): string {
  let rest = text.trim();
  let out = "";
  let depth = 0;
  let between = false;
  const put = (word: string) => {
    const glue = out === "" || /[\s(.]$/.test(out) || /^[,.);]/.test(word) ? "" : " ";
    out += glue + word;
  };
  const line = (indent: number) => {
    out = out.trimEnd() + (out ? "\n" : "") + "  ".repeat(indent);
  };
  while (rest) {
    const blank = /^\s+/.exec(rest);
    if (blank) {
      rest = rest.slice(blank[0].length);
      if (!/[\s(]$/.test(out) && !/^[,;)]/.test(rest)) out += " ";
      continue;
    }
    const comment = /^--[^\n]*/.exec(rest);
    if (comment) {
      put(comment[0]);
      line(depth);
      rest = rest.slice(comment[0].length);
      continue;
    }
    const whole = /^(?:'(?:[^']|'')*'|"(?:[^"]|"")*"|[\d.]+(?:[eE][-+]?\d+)?)/.exec(rest);
    const word = whole ? null : WORDS.exec(rest);
    if (word) {
      const name = word[1].toUpperCase().replace(/\s+/g, " ");
      rest = rest.slice(word[0].length);
      if (name === "BETWEEN") between = true;
      if (CLAUSES.test(name) || JOINS.test(name)) {
        line(depth);
        out += name;
      } else if ((name === "AND" || name === "OR") && !(between && name === "AND") && !depthInCall(out, depth)) {
        line(depth + 1);
        out += name;
      } else {
        if (name === "AND") between = false;
        out = out.replace(/\s$/, "");
        put(name);
      }
      continue;
    }
    const piece = whole?.[0] ?? /^[\w.]+/.exec(rest)?.[0] ?? rest[0];
    rest = rest.slice(piece.length);
    if (piece === "(") depth += /^\s*SELECT\b/i.test(rest) ? 1 : 0;
    if (piece === ")" && depth && opened(out).query) {
      depth -= 1;
      line(depth);
    }
    out += piece;
  }
  return out.trimEnd();
}

/** The last parenthesis that is open, and whether a query follows it. */
function opened(out: string): { open: boolean; query: boolean } {
  let level = 0;
  for (let at = out.length - 1; at >= 0; at--) {
    if (out[at] === ")") level += 1;
    else if (out[at] === "(" && level-- === 0) return { open: true, query: /^\s*SELECT\b/i.test(out.slice(at + 1)) };
  }
  return { open: false, query: false };
}

function depthInCall(out: string, depth: number): boolean {
  const last = opened(out);
  return last.open && !(last.query && depth > 0);
}
