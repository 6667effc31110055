// The stories, one after the other on one server. Each is a function; the first that fails ends the run with its name.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { small } from "./picture.mjs";

const { PAGE_MODULES, PAGE_PLAN, PAGE_URL, PAGE_ONLY, ADMIN_TOKEN, READ_TOKEN, INGEST_URL, INGEST_TOKEN, CHROMIUM, PICTURES } = process.env;
const require = createRequire(join(PAGE_MODULES, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const plan = JSON.parse(readFileSync(PAGE_PLAN, "utf8"));
const PICTURE_BYTES_MAX = 150 * 1024;

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"] });

// A browser of its own for each story: nobody is logged in. What the page complains about fails the story.
async function visitor(theme = "light") {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: theme, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of (401|403|404)/.test(message.text())) page.complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(PAGE_URL).origin && !request.url().startsWith("blob:")) page.complaints.push(`asks ${request.url()}`);
  });
  return page;
}

async function login(page, token = ADMIN_TOKEN, hash = "") {
  await page.goto(PAGE_URL + hash);
  await page.getByLabel("A token of scope admin").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  await page.locator("#strip dt").first().waitFor();
}

async function look(page, hash) {
  await page.evaluate((to) => { location.hash = to; }, hash);
  await page.locator(".view h1").first().waitFor();
}

async function post(events) {
  const reply = await fetch(INGEST_URL, { method: "POST", body: JSON.stringify({ Records: events }), headers: { Authorization: `Bearer ${INGEST_TOKEN}` } });
  assert.equal(reply.status, 200);
}

async function picture(page, name) {
  if (PICTURES === "") return;
  mkdirSync(PICTURES, { recursive: true });
  await page.evaluate(() => document.activeElement?.blur());
  const png = small(await page.screenshot());
  assert.ok(png.length <= PICTURE_BYTES_MAX, `${name} has ${png.length} bytes`);
  writeFileSync(join(PICTURES, name), png);
}

const stories = {
  async "nobody sees anything without a token, and a wrong one is told so"(page) {
    await page.goto(PAGE_URL);
    await page.getByLabel("A token of scope admin").fill("no-such-token-0123456789");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("This token is not known here.").waitFor();
    assert.equal(await page.locator("table").count(), 0);
    for (const asked of ["alerts/search", "status", "alerts/events", "session"])
      assert.equal(await page.evaluate((path) => fetch(`/api/v1/${path}`).then((reply) => reply.status), asked), 401, asked);
  },

  async "the High alert is found: by its severity, from all others"(page) {
    await login(page);
    await page.locator("tr[data-id]").first().waitFor();
    await page.locator(".facets").getByRole("link", { name: /^high/ }).click();
    await page.waitForURL(/severity=high/);
    await page.getByRole("searchbox").fill("orders-api");
    await page.getByRole("button", { name: "Search" }).click();
    await page.waitForURL(/text=orders-api/);
    await page.locator(`tr[data-id="${plan.theft}"]`).waitFor();
    const severities = await page.locator("tr[data-id] .badge[class*=severity]").allTextContents();
    assert.ok(severities.length > 0 && severities.every((word) => word === "high"), severities.join());
    await page.reload();                                        // the address holds the filter, the cookie the session
    await page.locator(`tr[data-id="${plan.theft}"]`).waitFor();
    await look(page, "#/alerts?status=open");
    await page.locator("tr[data-id]").first().waitFor();
    await picture(page, "alerts.png");
  },

  async "the alert says why, and what the key did"(page) {
    await login(page, ADMIN_TOKEN, `#/alerts/${plan.theft}`);
    await page.getByText(plan.why).waitFor();
    const calls = page.getByRole("table", { name: "Calls with the access key, by API" });
    assert.ok(await calls.getByRole("row").count() > 3);
    await calls.getByText("secretsmanager:ListSecrets").waitFor();
    await page.getByRole("img", { name: "Calls with the access key on a timeline" }).waitFor();
    await page.getByRole("region", { name: "CloudTrail record" }).getByText("GetCallerIdentity").waitFor();
    await page.getByRole("row", { name: /^sink nothing waits/ }).waitFor();
    await picture(page, "alert.png");
  },

  async "what is acknowledged is learned: the alert changes, the baseline shows it, and it happens again without an alert"(page) {
    await login(page, ADMIN_TOKEN, `#/alerts/${plan.theft}`);
    await page.getByRole("button", { name: "Acknowledge", exact: true }).click();   // says nothing yet: a note is wanted
    await page.getByText(/Say why in the note/).waitFor();
    await page.locator("#known", { hasText: /will count as known for good: .*from all of AS64496/ }).waitFor();
    await page.getByLabel("Takes in").selectOption("prefix");
    await page.locator("#known", { hasText: /from [0-9.]+\/[0-9]+ of AS64496/ }).waitFor();
    await page.getByLabel("Takes in").selectOption("");
    await page.getByLabel("Note").fill("our own export job");
    await page.getByRole("button", { name: "Acknowledge", exact: true }).click();
    await page.locator(".heading .status-acknowledged").waitFor();   // told by the stream, not by the button
    await page.getByText("our own export job").waitFor();
    await page.getByRole("link", { name: "see the identity's baseline" }).click();
    const networks = page.getByRole("table", { name: "Networks" });
    await networks.getByRole("row").filter({ hasText: "AS64496" }).getByText("acknowledged").waitFor();
    await picture(page, "baseline.png");
    await post([plan.again]);
    const search = () => page.evaluate((identity) => fetch(`/api/v1/alerts/search?identity=${encodeURIComponent(identity)}&from=2025-06-29`).then((reply) => reply.json()), plan.identity);
    assert.deepEqual((await search()).items, []);
    await look(page, `#/alerts/${plan.theft}`);
    await page.getByRole("button", { name: "Reopen" }).click();
    await page.locator(".heading .status-open").waitFor();
  },

  async "an alert is sent to its webhook again"(page) {
    await login(page, ADMIN_TOKEN, `#/alerts/${plan.theft}`);
    await page.getByRole("button", { name: "Send again to sink" }).click();
    await page.getByText("It is sent to sink again.").waitFor();
  },

  async "a campaign of twelve is one story: one alert leads to the others, and one answer is for all"(page) {
    await login(page, ADMIN_TOKEN, "#/alerts?text=batch-11");
    await page.locator("a.alert").first().click();
    await page.getByText(/12th identity in this network/).waitFor();
    assert.equal(await page.getByRole("table", { name: "Alerts of the campaign" }).locator("tr[data-id]").count(), plan.identities);
    await page.getByRole("link", { name: "All alerts of this campaign" }).click();
    await page.getByText(`${plan.identities} alerts`).waitFor();
    await page.locator("a.alert").first().click();
    await page.getByLabel("Note").fill("the new batch network");
    await page.getByLabel("all alerts of its campaign").check();
    await page.getByRole("button", { name: "False positive" }).click();
    await page.locator(".heading .status-false_positive").waitFor();
    await look(page, "#/alerts?text=batch-&status=false_positive");
    await page.getByText(`${plan.identities} alerts`).waitFor();
  },

  async "a noisy identity stands out, and its alerts are together"(page) {
    await login(page, ADMIN_TOKEN, "#/alerts?from=2025-06-29&status=open");
    await page.locator(".facets").getByRole("link", { name: /noisy-fn 8$/ }).click();
    await page.getByText("8 alerts").waitFor();
    // The list is sorted by first calls, and shows them.
    const first = await page.locator("tr[data-id] td.when > time").allInnerTexts();
    assert.deepEqual(first, [...first].sort().reverse());
    await page.locator("td.identity a").first().click();
    await page.getByRole("table", { name: "Its alerts" }).locator("tr[data-id]").nth(7).waitFor();
    await page.getByRole("table", { name: "Networks" }).getByText("in quarantine").first().waitFor();
  },

  async "a new alert appears while the list is open"(page) {
    await login(page, ADMIN_TOKEN, "#/alerts?text=live-fn");
    await page.getByText("No alert is like that.").waitFor();
    await post([plan.live]);
    await page.locator("a.alert").first().waitFor();
    await page.getByRole("status").getByText(/New alert/).waitFor();
  },

  async "who may only read sees all and changes nothing"(page) {
    await login(page, READ_TOKEN, `#/alerts/${plan.theft}`);
    await page.getByText("This token may look and not answer.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Acknowledge", exact: true }).count(), 0);
    const status = await page.evaluate((id) => fetch("/api/v1/alerts/ack", { method: "POST", body: JSON.stringify({ id }) }).then((reply) => reply.status), plan.theft);
    assert.equal(status, 403);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("You are logged out.").waitFor();
    assert.equal(await page.evaluate(() => fetch("/api/v1/alerts/search").then((reply) => reply.status)), 401);
  },

  async "a change without the session's own header is refused"(page) {
    await login(page);
    const ask = (headers) => page.evaluate(([id, sent]) => fetch("/api/v1/alerts/close", { method: "POST", body: JSON.stringify({ id }), headers: sent })
      .then((reply) => reply.status), [plan.theft, headers]);
    assert.equal(await ask({}), 403);
    assert.equal(await ask({ "X-Csrf-Token": "0".repeat(64) }), 403);
    assert.equal(await page.evaluate(() => document.cookie), "");
  },

  async "the pages for baselines, activation and rejects answer by their addresses"(page) {
    await login(page, ADMIN_TOKEN, "#/report/111122223333");
    await page.getByText("Account 111122223333, seen from").waitFor();
    await look(page, "#/rejects");
    await page.getByRole("button", { name: "1", exact: true }).click();
    await page.getByRole("region", { name: "Reject 1" }).waitFor();
    await look(page, "#/identity");
    await page.getByRole("list", { name: "Identities with most alerts" }).getByRole("link", { name: /noisy-fn/ }).waitFor();
    await look(page, "#/identity/nobody");
    await page.getByText("Nothing is known of this identity.").waitFor();
    await look(page, "#/nothing");
    await page.getByText("There is no such view.").waitFor();
  },

  async "an export holds every alert of the filter"(page) {
    await login(page, ADMIN_TOKEN, "#/alerts?text=noisy-fn");
    await page.getByText("8 alerts").waitFor();
    for (const [format, lines] of [["CSV", 9], ["NDJSON", 8]]) {
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: `Export ${format}` }).click()]);
      const text = readFileSync(await download.path(), "utf8");
      assert.equal(text.trimEnd().split("\n").length, lines);
    }
  },

  async "the keyboard is enough: j, k, Enter, / and Tab"(page) {
    await login(page);
    await page.locator("tr[data-id]").nth(3).waitFor();
    await page.locator("main").focus();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    const second = await page.locator("a.alert").nth(1).getAttribute("href");
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")), second);
    await page.keyboard.press("Enter");
    await page.waitForURL(new RegExp(second.slice(2)));
    await page.getByRole("link", { name: /Back to the list/ }).focus();
    await page.keyboard.press("Enter");
    await page.locator("tr[data-id]").first().waitFor();
    await page.locator("main").focus();
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.id), "text");
  },

  async "hostile strings are text in every view"(page) {
    await login(page, ADMIN_TOKEN, "#/alerts?text=hostile-fn");
    await page.locator("a.alert").first().waitFor();
    await page.locator("a.alert").first().click();
    await page.getByRole("region", { name: "CloudTrail record" }).waitFor();
    assert.ok((await page.getByRole("region", { name: "CloudTrail record" }).textContent()).includes("<script>window.injected=1</script>"));
    assert.ok((await page.locator("main").textContent()).includes("\\u202e"), "what turns text around is shown as its number");
    await page.getByLabel("Note").fill(plan.hostile);
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await page.locator(".heading .status-closed").waitFor();
    const views = [`#/alerts?text=${encodeURIComponent("<b class")}`, "#/alerts?text=198.19.142.9", "#/rejects", `#/identity/${encodeURIComponent(plan.hostile)}`,
      `#/alerts?identity=${encodeURIComponent(plan.hostile)}&region=${encodeURIComponent(plan.hostile)}`, `#/alerts/${encodeURIComponent(plan.hostile)}`,
      `#/report/${encodeURIComponent(plan.hostile)}`, `#/${encodeURIComponent(plan.hostile)}`];
    for (const view of views) {
      await look(page, view);
      await page.waitForLoadState("networkidle").catch(() => {});
      assert.equal(await page.locator(".injected").count(), 0, view);
      assert.equal(await page.evaluate(() => window.injected), undefined, view);
    }
    await look(page, "#/rejects");
    await page.getByRole("button", { name: "1", exact: true }).click();
    await page.getByRole("region", { name: "Reject 1" }).waitFor();
    assert.equal(await page.locator(".injected").count(), 0);
    page.complaints = page.complaints.filter((text) => !/status of 400/.test(text));
  },

  async "axe-core finds nothing in any view, in light and in dark"(page) {
    await page.close();
    for (const theme of ["light", "dark"]) {
      const seen = await visitor(theme);
      await seen.goto(PAGE_URL);
      await seen.getByRole("button", { name: "Log in" }).waitFor();
      const check = async (where) => {
        await seen.evaluate(axe);
        const { violations } = await seen.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
        assert.deepEqual(violations.map((one) => `${theme} ${where}: ${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html).join(" | ")}`), []);
      };
      await check("login");
      await login(seen);
      for (const view of ["#/alerts", "#/alerts?severity=high&status=open", `#/alerts/${plan.theft}`, `#/identity/${encodeURIComponent(plan.identity)}`, "#/identity",
        "#/report/111122223333", "#/rejects", "#/nothing"]) {
        await look(seen, view);
        await seen.waitForLoadState("networkidle", { timeout: 1500 }).catch(() => {});
        await check(view);
      }
      assert.deepEqual(seen.complaints, []);
      await seen.context().close();
    }
  },
};

let failed = 0, played = 0;
for (const [name, story] of Object.entries(stories)) {
  if (!name.includes(PAGE_ONLY)) continue;
  const page = await visitor();
  ++played;
  try {
    await story(page);
    assert.deepEqual(page.complaints, []);
    console.log(`ok      ${name}`);
  } catch (error) {
    ++failed;
    console.log(`FAILED  ${name}\n${error.stack}`);
    if (!page.isClosed()) console.log(`at ${page.url()}\n${(await page.locator("main").innerText().catch(() => "")).slice(0, 1500)}\n${page.complaints.join("\n")}`);
  }
  if (!page.isClosed()) await page.context().close();
}
await browser.close();
console.log(`${played - failed} of ${played} stories`);
process.exit(failed > 0 || played === 0 ? 1 : 0);
