// Makes src/web/assets from the sources here: minified, named by their content,
// with a list for the Rust side and the licences of what is inside.
//
//   node build.mjs           writes them
//   node build.mjs --check   ends with 1 if what is written is not what would be
//   node build.mjs --watch   writes them after each change
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../src/web/assets");
const pages = ["landing", "search", "query", "jobs", "schema", "row", "operator"];

const MEDIA_TYPES = {
  ".js": "text/javascript;charset=utf-8",
  ".css": "text/css;charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".txt": "text/plain;charset=utf-8",
};

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  legalComments: "none",
  target: ["chrome110", "firefox110", "safari16.4"],
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  assetNames: "[name]-[hash]",
  outdir: target,
  write: false,
  metafile: true,
  logLevel: "warning",
};

/** Everything that is to stand in the directory: name → bytes. */
async function made() {
  const results = await Promise.all([
    esbuild.build({
      ...common,
      entryPoints: pages.map((page) => `src/pages/${page}.tsx`),
      format: "esm",
      splitting: true,
      jsx: "automatic",
      jsxImportSource: "preact",
    }),
    esbuild.build({ ...common, entryPoints: ["src/theme.ts"], format: "iife" }),
    esbuild.build({
      ...common,
      entryPoints: ["src/styles/style.css"],
      loader: { ".woff2": "file", ".svg": "file" },
    }),
  ]);
  const files = new Map();
  for (const result of results) {
    for (const file of result.outputFiles) files.set(basename(file.path), Buffer.from(file.contents));
  }
  const icon = await readFile(join(here, "src/icon.svg"));
  const hash = createHash("sha256").update(icon).digest("hex").slice(0, 8);
  files.set(`icon-${hash}.svg`, icon);
  files.set("licences.txt", await licences(results.map((result) => result.metafile)));
  files.set("list.rs", Buffer.from(list([...files])));
  return files;
}

/** The licences of all packages of which something is in the output. */
async function licences(metafiles) {
  const packages = new Set();
  for (const meta of metafiles) {
    for (const input of Object.keys(meta.inputs)) {
      const found = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input);
      if (found) packages.add(found[1]);
    }
  }
  let text = "The pages of obstap have parts of these packages in them.\n";
  for (const name of [...packages].sort()) {
    const folder = join(here, "node_modules", name);
    const about = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((it) => /^licen[cs]e/i.test(it));
    const licence = file ? await readFile(join(folder, file), "utf8") : "";
    text += `\n${"=".repeat(72)}\n${name} ${about.version} (${about.license})\n\n${licence.trim()}\n`;
  }
  return Buffer.from(text.replaceAll("\r\n", "\n"));
}

/** The list of the files, as Rust. */
function list(files) {
  const names = files.map(([name]) => name).sort();
  const lines = names.map((name) => {
    const media = MEDIA_TYPES[extname(name)];
    return `    asset!("${name}", "${media}"),`;
  });
  return `//! Written by portal/build.mjs.

use super::Asset;

macro_rules! asset {
    ($name:literal, $media_type:literal) => {
        Asset {
            name: $name,
            media_type: $media_type,
            bytes: include_bytes!($name),
        }
    };
}

#[rustfmt::skip]
pub(super) const ALL: [Asset; ${names.length}] = [
${lines.join("\n")}
];
`;
}

async function present() {
  const files = new Map();
  for (const name of await readdir(target).catch(() => [])) {
    if (name !== "mod.rs") files.set(name, await readFile(join(target, name)));
  }
  return files;
}

async function write() {
  const [wanted, there] = [await made(), await present()];
  await mkdir(target, { recursive: true });
  for (const name of there.keys()) if (!wanted.has(name)) await rm(join(target, name));
  for (const [name, bytes] of wanted) {
    if (!there.get(name)?.equals(bytes)) await writeFile(join(target, name), bytes);
  }
  const bytes = [...wanted.values()].reduce((sum, it) => sum + it.length, 0);
  console.log(`${wanted.size} files, ${bytes} bytes in ${relative(process.cwd(), target)}`);
}

async function check() {
  const [wanted, there] = [await made(), await present()];
  const wrong = [...wanted].filter(([name, bytes]) => !there.get(name)?.equals(bytes)).map(([name]) => name);
  wrong.push(...[...there.keys()].filter((name) => !wanted.has(name)));
  if (wrong.length) {
    console.error(`src/web/assets is not what its sources make: ${wrong.sort().join(", ")}`);
    console.error("run: npm --prefix portal ci && npm --prefix portal run build");
    process.exit(1);
  }
}

if (process.argv.includes("--check")) await check();
else await write();
if (process.argv.includes("--watch")) {
  const { watch } = await import("node:fs");
  let waiting;
  watch(join(here, "src"), { recursive: true }, () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => write().catch(console.error), 100);
  });
}
