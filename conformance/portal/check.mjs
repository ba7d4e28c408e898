// The pages of a running service in a real browser, with the network cut off.
//
//   node check.mjs URL [--python PROGRAM] [--token TOKEN] [--screenshots FOLDER] [--only WORDS] [--assets]
//
// URL is the service's own, without /tap. --python names a Python with astropy,
// which then reads what was downloaded. --token is the operators'. --screenshots keeps a picture of each
// page, at two widths, light and dark. --only makes the checks with these words in
// their name. --assets takes scripts and styles from src/web/assets and not from
// the service, which need not be built again then.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [base, ...flags] = process.argv.slice(2);
const flag = (name) => (flags.includes(name) ? flags[flags.indexOf(name) + 1] : undefined);
const folder = mkdtempSync(join(tmpdir(), "obstap-portal-"));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const PAGES = ["/", "/search", "/query", "/jobs", "/schema", "/row", "/operator"];
/** Bytes of the first load of a page, compressed; the issue's limit. */
const LARGEST = 500_000;
/** Milliseconds that one task may keep the page from answering. */
const LONGEST_TASK = 200;
const CONE = { position: "90 -66", radius: 0.8 };

const browser = await chromium.launch({
  executablePath: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((it) => existsSync(it)),
  args: ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
});

/** A page that complains of whatever goes wrong in it. */
async function open(path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => {
    // A browser says of every 404 that it was one; the row page asks for links
    // whether there are any or not.
    if (message.type() === "error" && !/status of 40[04]/.test(message.text())) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(error.message));
  page.on("dialog", (dialog) => {
    page.complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (!["data:", "blob:"].includes(protocol) && origin !== new URL(base).origin) page.complaints.push(`asks ${request.url()}`);
  });
  await page.addInitScript(() => {
    window.longTasks = [];
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((it) => it.duration))).observe({ type: "longtask", buffered: true });
  });
  if (flags.includes("--assets")) await page.route("**/portal/assets/*", fromFolder);
  await page.goto(base + path, { waitUntil: "networkidle" });
  return page;
}

/** The file that has the place of the one asked for: names change with contents. */
async function fromFolder(route) {
  const folder = new URL("../../src/web/assets/", import.meta.url);
  const name = new URL(route.request().url()).pathname.split("/").pop();
  const [, stem, extension] = /^(.*?)(?:-[A-Z0-9a-z]{8})?(\.\w+)$/.exec(name);
  const here = readdirSync(folder);
  const file = here.includes(name) ? name : here.find((it) => it.startsWith(`${stem}-`) && it.endsWith(extension));
  const contentType = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" }[extension];
  await route.fulfill({ body: readFileSync(new URL(file, folder)), contentType });
}

async function close(page) {
  assert.deepEqual(page.complaints, [], `what the browser says of ${page.url()}`);
  await page.context().close();
}

async function ask(query) {
  const body = new URLSearchParams({ LANG: "ADQL", RESPONSEFORMAT: "json", QUERY: query });
  const answer = await fetch(`${base}/tap/sync`, { method: "POST", body });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

const plain = (text) => Number(text.replace(/[^\d]/g, ""));
const total = async (page) => plain(await page.locator(".results-bar .count b").innerText());
const idle = (page) => page.waitForFunction(() => !document.querySelector(".results-bar .busy") && document.querySelector(".results-bar .count b"));

/** Replaces what stands in the editor. */
async function write(page, text) {
  const content = page.locator(".cm-content");
  await content.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(text);
}

const checks = {
  async "the first page tells what there is, also without scripts"() {
    const [{ n }] = await ask("SELECT COUNT(*) AS n FROM ivoa.obscore");
    for (const javaScriptEnabled of [true, false]) {
      const page = await open("/", { javaScriptEnabled });
      assert.equal(plain(await page.locator(".hero .count dd").first().innerText()), n);
      assert.ok((await page.locator(".examples article").count()) > 2);
      assert.match(await page.locator("#pyvo").innerText(), new RegExp(`${base}/tap`));
      assert.match(await page.locator("main").innerText(), /ivoa\.obscore/);
      if (javaScriptEnabled) {
        assert.match(await page.locator("#newest").innerText(), / ago$/);
        const drawn = await page.locator("#sky").evaluate((canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let bright = 0;
          for (let at = 0; at < data.length; at += 4) if (data[at] > 200 && data[at + 2] < 160) bright++;
          return bright;
        });
        assert.ok(drawn > 100, "nothing of the coverage is drawn");
      }
      await close(page);
    }
    for (const path of ["/query", "/schema"]) {
      const page = await open(path, { javaScriptEnabled: false });
      assert.ok(await page.locator("form, details").first().isVisible(), path);
      await close(page);
    }
  },

  async "a cone finds footprints, on the map as in the table, and leads to a row"() {
    const page = await open("/search");
    await page.fill("#position", CONE.position);
    await page.fill("#radius", String(CONE.radius));
    await page.click(".wishes-go .primary");
    await page.waitForFunction(() => location.hash.includes("position"));
    await idle(page);
    const [{ n }] = await ask(`SELECT COUNT(*) AS n FROM ivoa.obscore WHERE 1 = INTERSECTS(s_region, CIRCLE(${CONE.position.replace(" ", ", ")}, ${CONE.radius}))`);
    assert.ok(n > 0 && n < 5000, `${n} rows are no good example`);
    assert.equal(await total(page), n);
    assert.equal(await page.locator(".map-canvas").evaluate((it) => it.map.count), n);
    await page.locator(".grid tbody tr[aria-rowindex='3']").hover();
    assert.equal(await page.locator(".map-canvas").evaluate((it) => it.map.hovered), 1);
    // The form is still there after a reload.
    await page.reload({ waitUntil: "networkidle" });
    await idle(page);
    assert.equal(await page.inputValue("#position"), CONE.position);
    assert.equal(await total(page), n);
    const link = page.locator(".grid tbody a").first();
    const obsId = await link.innerText();
    await link.click();
    await page.waitForSelector(".row-page h1");
    assert.match(await page.locator(".known").first().innerText(), new RegExp(obsId));
    await close(page);
  },

  async "a circle drawn on the map is searched"() {
    const page = await open("/search#position=90%20-66&radius=2");
    await idle(page);
    await page.click("[aria-label='Draw a circle to search']");
    const box = await page.locator(".map-canvas").boundingBox();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 25, y, { steps: 4 });
    await page.mouse.up();
    await page.waitForFunction(() => !location.hash.includes("90%20-66"));
    await idle(page);
    const [ra, dec] = (await page.inputValue("#position")).split(" ").map(Number);
    const [{ n }] = await ask(`SELECT COUNT(*) AS n FROM ivoa.obscore WHERE 1 = INTERSECTS(s_region, CIRCLE(${ra}, ${dec}, ${await page.inputValue("#radius")}))`);
    assert.equal(await total(page), n);
    await close(page);
  },

  async "what is wrong with a query is underlined, and its hint puts it right"() {
    const page = await open("/query");
    await write(page, "SELECT TOP 7 obs_id, s_raa\nFROM ivoa.obscore");
    const mark = page.locator(".cm-lintRange-error");
    await mark.waitFor();
    assert.equal(await mark.innerText(), "s_raa");
    await page.click("button:has-text('Fix: write s_ra')");
    assert.match(await page.locator(".cm-content").innerText(), /obs_id, s_ra\s/);
    await mark.waitFor({ state: "detached" });
    await page.keyboard.press("Control+Enter");
    await page.click(".desk-bar .primary");
    await idle(page);
    assert.equal(await total(page), 7);
    await page.click("#tab-plan");
    await page.waitForSelector("#sql");
    await close(page);
  },

  async "values of a table are text, whatever they look like"() {
    const evil = "<img src=x onerror=alert(1)>";
    const page = await open(`/query#adql=${encodeURIComponent(`SELECT TOP 1 '${evil}' AS evil, 'javascript:alert(2)' AS access_url FROM ivoa.obscore`)}&run`);
    await idle(page);
    assert.equal(await page.locator(".grid tbody td").first().innerText(), evil);
    assert.equal(await page.locator(".grid tbody img, .grid tbody a").count(), 0);
    await close(page);
  },

  async "a long answer is scrolled by pages and put in order"() {
    const page = await open(`/query#adql=${encodeURIComponent("SELECT obs_publisher_did, t_exptime FROM ivoa.obscore")}&run`);
    await idle(page);
    const [{ n, most }] = await ask("SELECT COUNT(*) AS n, MAX(t_exptime) AS most FROM ivoa.obscore");
    await page.waitForFunction((n) => document.querySelector(".results-bar .count b")?.textContent.replace(/\D/g, "") === String(n), n);
    await page.locator(".grid").evaluate((it) => (it.scrollTop = it.scrollHeight));
    await page.waitForFunction((n) => document.querySelector(`.grid tr[aria-rowindex='${n + 1}'] td.r`)?.textContent.trim().match(/^[\d.]+$/), n);
    await page.locator(".grid th button", { hasText: "t_exptime" }).click();
    await idle(page);
    await page.locator(".grid th button", { hasText: "t_exptime" }).click();
    await page.waitForFunction((most) => Number(document.querySelector(".grid tr[aria-rowindex='2'] td.r")?.textContent) === most, most);
    await close(page);
  },

  async "a job goes on over a reload, and its result comes"() {
    const page = await open("/query");
    await write(page, "SELECT TOP 25 obs_id, s_ra FROM ivoa.obscore ORDER BY t_min");
    await page.click("text=Run as a job");
    await page.click(".sheet button:text-is('CSV')");
    await page.waitForURL(/\/jobs#/);
    await page.reload({ waitUntil: "networkidle" });
    await page.waitForSelector("text=Download the result", { timeout: 60_000 });
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Download the result")]);
    const lines = readFileSync(await download.path(), "utf8").trim().split("\n");
    assert.equal(lines.length, 26);
    page.complaints.length = 0; // The download is no page, which the browser says.
    await page.click(".job >> text=Run again");
    await page.waitForFunction(() => document.querySelectorAll(".job-list li").length > 1);
    await page.click(".job >> text=Delete");
    await close(page);
  },

  async "a job can be stopped"() {
    const page = await open(`/query#adql=${encodeURIComponent("SELECT COUNT(*) AS n FROM ivoa.obscore AS a JOIN ivoa.obscore AS b ON a.s_ra < b.s_ra")}`);
    await page.click("text=Run as a job");
    await page.click(".sheet button:text-is('CSV')");
    await page.waitForURL(/\/jobs#/);
    await page.click(".job >> text=Cancel");
    await page.waitForSelector(".job .chip:has-text('stopped')");
    await close(page);
  },

  async "a table of one's own can be brought along"() {
    const file = join(folder, "mine.csv");
    writeFileSync(file, "name,ra,dec\nlmc,80.89,-69.76\nsmc,13.19,-72.83\n");
    const page = await open("/query");
    await page.setInputFiles(".attach input", file);
    await page.waitForSelector("text=TAP_UPLOAD.mine");
    await write(page, "SELECT name, ra FROM TAP_UPLOAD.mine ORDER BY name");
    await page.click(".desk-bar .primary");
    await idle(page);
    assert.equal(await total(page), 2);
    assert.equal(await page.locator(".grid tbody td").first().innerText(), "lmc");
    await close(page);
  },

  async "downloads are read by astropy"() {
    const page = await open(`/query#adql=${encodeURIComponent("SELECT TOP 40 obs_id, s_ra, t_min, s_region FROM ivoa.obscore")}&run`);
    await idle(page);
    const python = flag("--python");
    for (const [name, format] of [["VOTable votable", "votable"], ["FITS fits", "fits"], ["CSV csv", "ascii.csv"]]) {
      await page.click("button:text-is('Download')");
      const link = page.locator(".sheet a").filter({ hasText: new RegExp(`^${name}$`) });
      const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
      const file = join(folder, download.suggestedFilename());
      await download.saveAs(file);
      if (!python) continue;
      const code = "import sys\nfrom astropy.table import Table\nprint(len(Table.read(sys.argv[1], format=sys.argv[2])))";
      const rows = execFileSync(python, ["-W", "ignore", "-c", code, file, format], { encoding: "utf8" });
      assert.equal(rows.trim(), "40", name);
    }
    await close(page);
  },

  async "every page can be used by everybody (axe-core)"() {
    const all = [];
    for (const path of await paths()) {
      for (const [colorScheme, width] of [["light", 1440], ["dark", 390]]) {
        const page = await open(path, { colorScheme, viewport: { width, height: 900 } });
        await settled(page);
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        const told = violations.map((it) => `${it.id}: ${it.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${node.any[0]?.message ?? ""})`).join("; ")}`);
        all.push(...told.map((it) => `${path.split("#")[0]}, ${colorScheme}, ${width}: ${it}`));
        await close(page);
      }
    }
    assert.deepEqual(all, []);
  },

  async "operators see what runs, and stop it"() {
    const token = flag("--token");
    const page = await open("/operator");
    await page.fill("#token", "not-the-right-token");
    await page.click(".sign-in .primary");
    await page.waitForSelector(".sign-in [role=alert]");
    page.complaints.length = 0; // That it was refused.
    if (token) {
      const endless = new URLSearchParams({ LANG: "ADQL", QUERY: "SELECT COUNT(*) AS n FROM ivoa.obscore AS a JOIN ivoa.obscore AS b ON a.s_ra < b.s_ra" });
      const asked = fetch(`${base}/tap/sync`, { method: "POST", body: endless });
      await page.fill("#token", token);
      await page.click(".sign-in .primary");
      await page.click(".queries >> text=Stop");
      assert.equal((await asked).status, 503);
      await page.waitForSelector("text=Nothing runs just now.");
    }
    await close(page);
  },

  async "pages are small and soon ready"() {
    for (const path of PAGES) {
      const context = await browser.newContext();
      const page = await context.newPage();
      const session = await context.newCDPSession(page);
      await session.send("Network.enable");
      const urls = new Map();
      let bytes = 0;
      session.on("Network.requestWillBeSent", ({ requestId, request }) => urls.set(requestId, request.url));
      session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
        const url = urls.get(requestId) ?? "";
        // What a page is made of, without what it asks.
        if (!/\/tap\/|\/portal\/(facts|check)/.test(url)) bytes += encodedDataLength;
      });
      await page.goto(base + path, { waitUntil: "networkidle" });
      const ready = await page.evaluate(() => performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd);
      console.log(`    ${path}: ${Math.round(bytes / 1000)} kB, ready after ${Math.round(ready)} ms`);
      assert.ok(bytes < LARGEST, `${path} loads ${bytes} bytes`);
      await context.close();
    }
  },

  async "five thousand footprints are drawn without holding the page up"() {
    const page = await open("/search");
    await idle(page);
    await page.waitForTimeout(500);
    assert.ok((await page.locator(".map-canvas").evaluate((it) => it.map.count)) >= 5000);
    await page.evaluate(() => (window.longTasks = []));
    const map = page.locator(".map-canvas");
    for (let step = 0; step < 5; step++) {
      await page.click("[aria-label='Nearer']");
      await page.waitForTimeout(120);
    }
    const box = await map.boundingBox();
    await page.mouse.move(box.x + 400, box.y + 150);
    await page.mouse.down();
    await page.mouse.move(box.x + 500, box.y + 200, { steps: 12 });
    await page.mouse.up();
    await page.click("[aria-label='Show all footprints']");
    await page.waitForTimeout(400);
    const drawing = await page.evaluate(() => Math.max(0, ...window.longTasks));
    console.log(`    longest task ${Math.round(drawing)} ms; all footprints in ${Math.round(await map.evaluate((it) => it.map.lastDrawing))} ms`);
    assert.ok(drawing < LONGEST_TASK, `a task takes ${drawing} ms`);
    await close(page);
  },
};

/** Pages with something on them. */
async function paths() {
  const [{ did }] = await ask("SELECT TOP 1 obs_publisher_did AS did FROM ivoa.obscore");
  return [
    "/",
    "/search#position=90%20-66&radius=3",
    `/query#adql=${encodeURIComponent("SELECT TOP 200 obs_id, obs_title, s_ra, s_dec, t_min, t_exptime, s_region\nFROM ivoa.obscore\nWHERE 1 = CONTAINS(POINT(90, -66), s_region)\nORDER BY t_min DESC")}&run`,
    "/jobs",
    "/schema",
    `/row#did=${encodeURIComponent(did)}`,
    "/operator",
  ];
}

async function settled(page) {
  await page.waitForFunction(() => !document.querySelector(".busy, .ghost"), undefined, { timeout: 20_000 }).catch(() => undefined);
  await page.waitForTimeout(400);
}

async function screenshots(target) {
  mkdirSync(target, { recursive: true });
  // A job to look at.
  const body = new URLSearchParams({ LANG: "ADQL", PHASE: "RUN", RESPONSEFORMAT: "csv", QUERY: "SELECT TOP 1000 obs_id, s_ra, s_dec, t_min\nFROM ivoa.obscore\nWHERE t_exptime > 100" });
  const made = await fetch(`${base}/tap/async`, { method: "POST", body });
  const id = new URL(made.url).pathname.split("/").pop();
  for (const path of await paths()) {
    const name = path.split("#")[0].slice(1) || "landing";
    for (const [width, height, kind] of [[1440, 900, "desktop"], [390, 844, "phone"]]) {
      for (const colorScheme of ["light", "dark"]) {
        const page = await open(name === "jobs" ? `${path}#${id}` : path, { viewport: { width, height }, colorScheme });
        if (name === "operator" && flag("--token")) {
          await page.fill("#token", flag("--token"));
          await page.click(".sign-in .primary");
          await page.waitForSelector(".gauges");
        }
        await settled(page);
        await page.screenshot({ path: join(target, `${name}-${kind}-${colorScheme}.png`) });
        await page.context().close();
      }
    }
  }
}

// What is here is counted when somebody asks for it first.
while (!(await (await fetch(`${base}/portal/facts`)).json()).counted) await new Promise((done) => setTimeout(done, 300));

let failed = 0;
const only = flag("--only");
for (const [name, check] of Object.entries(checks)) {
  if (only && !name.includes(only)) continue;
  const began = performance.now();
  try {
    await check();
    console.log(`ok: ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed++;
    console.error(`FAILED: ${name}\n${error.message}`);
  }
}
if (flag("--screenshots")) await screenshots(flag("--screenshots"));
await browser.close();
rmSync(folder, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
