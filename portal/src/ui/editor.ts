/**
 * The editor of queries. It lives in a shadow root, where style sheets are
 * adopted and not written into the page, which the page's policy forbids.
 */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { SQLDialect, sql } from "@codemirror/lang-sql";
import { HighlightStyle, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { linter, lintGutter, lintKeymap } from "@codemirror/lint";
import type { Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import type { Text } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { isAborted, judge } from "../lib/service";
import type { Judged, Message } from "../lib/service";
import type { Schema } from "../lib/schema";

/** Functions of ADQL 2.1 with what they take. */
const FUNCTIONS: [string, string, string][] = [
  ["CONTAINS", "(what, where)", "1 where the first lies in the second"],
  ["INTERSECTS", "(one, other)", "1 where two regions have something in common"],
  ["POINT", "(ra, dec)", "A position, in degrees"],
  ["CIRCLE", "(ra, dec, radius)", "A circle, in degrees"],
  ["POLYGON", "(ra1, dec1, ra2, dec2, ra3, dec3, …)", "A polygon, in degrees"],
  ["BOX", "(ra, dec, width, height)", "A box, in degrees"],
  ["MOC", "('6/1-3 …')", "Cells of HEALPix"],
  ["DISTANCE", "(ra1, dec1, ra2, dec2)", "Degrees between two positions"],
  ["AREA", "(region)", "Square degrees"],
  ["CENTROID", "(region)", "The middle of a region"],
  ["COORD1", "(point)", "Right ascension, in degrees"],
  ["COORD2", "(point)", "Declination, in degrees"],
  ["IN_UNIT", "(value, 'unit')", "A value in another unit"],
  ["COALESCE", "(value, …)", "The first that is not NULL"],
  ["COUNT", "(*)", "How many rows"],
  ["MIN", "(value)", "The least"],
  ["MAX", "(value)", "The greatest"],
  ["AVG", "(value)", "The mean"],
  ["SUM", "(value)", "The sum"],
  ["ABS", "(value)", "Without its sign"],
  ["CEILING", "(value)", "Rounded up"],
  ["FLOOR", "(value)", "Rounded down"],
  ["ROUND", "(value, digits)", "Rounded"],
  ["POWER", "(value, exponent)", "A power"],
  ["SQRT", "(value)", "The square root"],
  ["LOG10", "(value)", "The logarithm to base 10"],
  ["UPPER", "(text)", "In capitals"],
  ["LOWER", "(text)", "In small letters"],
  ["CAST", "(value AS type)", "As another type"],
  ["ivo_string_agg", "(text, 'between')", "Texts of a group, put together"],
  ["ivo_interval_overlaps", "(low1, high1, low2, high2)", "1 where two intervals meet"],
  ["ivo_healpix_index", "(order, ra, dec)", "The cell of a position"],
  ["ivo_hasword", "(text, 'word')", "1 where a text has a word"],
];

const KEYWORDS =
  "select top distinct all from where group by having order asc desc offset as on using join inner left right full outer natural cross union except intersect with and or not in between like ilike is null exists case when then else end cast";

const DIALECT = SQLDialect.define({
  keywords: KEYWORDS,
  types: "boolean smallint integer bigint real double precision char varchar timestamp point circle polygon",
  builtin: FUNCTIONS.map(([name]) => name.toLowerCase()).join(" "),
  doubleQuotedStrings: false,
  identifierQuotes: '"',
});

const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--syn-keyword)", fontWeight: "550" },
  { tag: [tags.standard(tags.name), tags.typeName], color: "var(--syn-function)" },
  { tag: tags.string, color: "var(--syn-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--syn-number)" },
  { tag: tags.comment, color: "var(--syn-comment)", fontStyle: "italic" },
]);

const THEME = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", backgroundColor: "var(--card)", color: "var(--ink)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.65", overflow: "auto" },
  ".cm-content": { padding: "10px 0", caretColor: "var(--accent)" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "var(--card)", color: "var(--faint)", border: "none", paddingLeft: "6px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--sunk) 70%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--select)" },
  ".cm-matchingBracket": { backgroundColor: "var(--accent-soft)", outline: "none" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad) 1.5px", textUnderlineOffset: "4px" },
  ".cm-tooltip": { backgroundColor: "var(--card)", color: "var(--ink)", border: "1px solid var(--line)", borderRadius: "8px", boxShadow: "var(--lift)", overflow: "hidden" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "12.5px", maxHeight: "16rem" },
  ".cm-tooltip-autocomplete ul li": { padding: "3px 10px", display: "flex", gap: "10px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent-soft)", color: "var(--ink)" },
  ".cm-completionDetail": { marginLeft: "auto", color: "var(--dim)", fontStyle: "normal" },
  ".cm-completionMatchedText": { textDecoration: "none", color: "var(--accent)", fontWeight: "600" },
  ".cm-completionInfo": { padding: "8px 12px", maxWidth: "20rem", fontFamily: "var(--sans)", fontSize: "12.5px", color: "var(--dim)" },
  ".cm-diagnostic": { padding: "8px 12px", borderLeft: "3px solid var(--bad)", fontFamily: "var(--sans)", fontSize: "13px", maxWidth: "30rem" },
  ".cm-diagnosticAction": { marginLeft: "0", marginTop: "6px", display: "block", padding: "3px 10px", borderRadius: "5px", backgroundColor: "var(--accent)", color: "var(--accent-ink)", font: "550 12px var(--sans)", border: "none", cursor: "pointer" },
  ".cm-panels": { backgroundColor: "var(--sunk)", color: "var(--ink)", fontFamily: "var(--sans)" },
});

export interface Listener {
  changed(text: string): void;
  judged(judged: Judged | undefined): void;
  run(): void;
}

export class Editor {
  readonly view: EditorView;
  schema: Schema | undefined;

  constructor(host: HTMLElement, text: string, listener: Listener) {
    const root = host.attachShadow({ mode: "open" });
    this.view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          history(),
          drawSelection(),
          bracketMatching(),
          closeBrackets(),
          highlightSelectionMatches(),
          lintGutter(),
          sql({ dialect: DIALECT, upperCaseKeywords: true }),
          syntaxHighlighting(COLOURS),
          THEME,
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": "Query in ADQL", spellcheck: "false" }),
          autocompletion({ override: [(context) => this.complete(context)], icons: false }),
          linter((view) => this.check(view, listener), { delay: 350 }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) listener.changed(update.state.doc.toString());
          }),
          keymap.of([
            {
              key: "Mod-Enter",
              run: () => {
                listener.run();
                return true;
              },
            },
            ...closeBracketsKeymap,
            ...completionKeymap,
            ...lintKeymap,
            ...searchKeymap,
            ...historyKeymap,
            ...defaultKeymap,
            // Escape, then Tab, leaves the editor (CodeMirror's own manner).
            indentWithTab,
          ]),
        ],
      }),
    });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  replace(text: string): void {
    if (text === this.text) return;
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
  }

  /** Puts text where the cursor is. */
  insert(text: string): void {
    this.view.dispatch(this.view.state.replaceSelection(text));
    this.view.focus();
  }

  private async check(view: EditorView, listener: Listener): Promise<Diagnostic[]> {
    const { doc } = view.state;
    if (!doc.toString().trim()) {
      listener.judged(undefined);
      return [];
    }
    try {
      const judged = await judge(doc.toString());
      listener.judged(judged);
      return judged.messages.map((message) => diagnostic(doc, message));
    } catch (error) {
      if (!isAborted(error)) listener.judged(undefined);
      return [];
    }
  }

  private complete(context: CompletionContext): CompletionResult | null {
    const word = context.matchBefore(/[\w.]+/);
    if (!word && !context.explicit) return null;
    const before = word?.text ?? "";
    const text = context.state.doc.toString();
    const tables = this.schema?.tables ?? [];
    const options: Completion[] = [];
    const used = tables.filter((table) => text.toLowerCase().includes(table.name.toLowerCase()));
    const dot = before.lastIndexOf(".");
    const qualifier = dot < 0 ? "" : before.slice(0, dot).toLowerCase();
    // An alias stands behind its table.
    const meant = tables.find((table) => {
      if (table.name.toLowerCase() === qualifier) return true;
      const escaped = table.name.replace(/[.$]/g, "\\$&");
      return qualifier !== "" && new RegExp(`${escaped}\\s+(?:AS\\s+)?${qualifier.replace(/\W/g, "")}\\b`, "i").test(text);
    });
    for (const table of meant ? [meant] : used.length ? used : tables.slice(0, 1)) {
      for (const column of table.columns) {
        options.push({ label: column.name, type: "property", detail: column.unit || column.datatype, info: column.description, boost: column.principal ? 3 : 2 });
      }
    }
    if (meant) return { from: word!.from + dot + 1, options, validFor: /^\w*$/ };
    for (const table of tables) options.push({ label: table.name, type: "class", detail: "table", info: table.description, boost: 1 });
    for (const [name, takes, info] of FUNCTIONS) options.push({ label: name, apply: `${name}(`, type: "function", detail: takes, info });
    for (const keyword of KEYWORDS.split(" ")) options.push({ label: keyword.toUpperCase(), type: "keyword", boost: -1 });
    return { from: word?.from ?? context.pos, options, validFor: /^[\w.]*$/ };
  }
}

function diagnostic(doc: Text, message: Message): Diagnostic {
  const { place, fix } = message;
  let [from, to] = [0, doc.length];
  if (place) {
    const line = doc.line(Math.max(1, Math.min(doc.lines, place.line)));
    // Places count characters, the editor units of UTF-16.
    const characters = [...line.text];
    const units = (count: number) => characters.slice(0, count).join("").length;
    from = line.from + units(place.column - 1);
    to = Math.min(line.to, line.from + units(place.column - 1 + place.length));
    if (from >= to) [from, to] = [Math.max(line.from, Math.min(from, line.to) - 1), Math.min(line.to, Math.max(from, to))];
  }
  return {
    from,
    to,
    severity: "error",
    message: message.hint ? `${message.sentence} — ${message.hint}` : message.sentence,
    actions: fix ? [{ name: `Fix: ${fix.what}`, apply: (view) => mend(view, fix.query) }] : [],
  };
}

/** The smallest change that makes the text another. */
export function mend(view: EditorView, text: string): void {
  const old = view.state.doc.toString();
  let start = 0;
  while (start < old.length && start < text.length && old[start] === text[start]) start++;
  let end = 0;
  while (end < old.length - start && end < text.length - start && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
  view.dispatch({ changes: { from: start, to: old.length - end, insert: text.slice(start, text.length - end) } });
}
