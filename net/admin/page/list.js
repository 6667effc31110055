// The list of alerts: filters, facets, the timeline, and what comes in while it is open. The address holds the filter.
import * as api from "./api.js";
import { go } from "./app.js";
import { badge, h, replace, say, svg, time } from "./dom.js";

const PAGE = 50;
const EXPORT_MAX = 100000;
const LIST_EVERY_MS = 1000, COUNTS_EVERY_MS = 5000;   // at most so often while alerts come in: counts look at all of them
const NAMES = { severity: "Severity", status: "Status", analytic: "Analytic", variation: "Variation", account: "Account",
  identity: "Identity", network: "Network", as_name: "AS name", tool: "Tool", platform: "Platform", region: "Region",
  address: "Address", key: "Access key", asn: "AS number", campaign: "Campaign", from: "From", to: "To", text: "Text" };
const FACETS = ["severity", "status", "analytic", "identity", "account", "network", "as_name", "tool", "platform", "region", "address"];
const SEVERITIES = ["informational", "low", "medium", "high"];

// What stands in the address, and is a filter.
function filterOf(values) {
  return Object.fromEntries(Object.entries(values).filter(([name]) => name in NAMES));
}

const without = (filter, name) => Object.fromEntries(Object.entries(filter).filter(([key]) => key !== name));

function searchForm(filter) {
  const text = h("input", { id: "text", type: "search", value: filter.text ?? "", maxlength: 200,
    placeholder: "account, identity, network, address, key ..." });
  const from = h("input", { id: "from", type: "text", size: 20, value: filter.from ?? "", placeholder: "2026-11-30" });
  const to = h("input", { id: "to", type: "text", size: 20, value: filter.to ?? "", placeholder: "2026-11-30" });
  return h("form", { class: "search", role: "search", onsubmit: (event) => {
    event.preventDefault();
    go("alerts", { ...filter, text: text.value.trim(), from: from.value.trim(), to: to.value.trim() });
  } },
  h("label", { for: "text" }, "Search"), text, h("label", { for: "from" }, "From"), from, h("label", { for: "to" }, "To"), to,
  h("button", { type: "submit" }, "Search"));
}

function chips(filter) {
  const names = Object.keys(filter);
  if (names.length === 0) return h("p", { class: "chips" }, "All alerts.");
  return h("ul", { class: "chips", "aria-label": "Filters" }, names.map((name) => h("li", {},
    h("button", { type: "button", class: "chip", onclick: () => go("alerts", without(filter, name)),
      "aria-label": `Take away the filter ${NAMES[name]}: ${filter[name]}` }, `${NAMES[name]}: ${filter[name]} \u00d7`))),
  h("li", {}, h("a", { href: "#/alerts" }, "all alerts")));
}

function facets(filter, counts) {
  return h("nav", { class: "facets", "aria-label": "Values of the alerts found" }, FACETS.map((field) => {
    const values = counts.facets[field].filter((one) => one.value !== "");
    if (values.length === 0) return null;
    const more = counts.distinct[field] - counts.facets[field].length;
    return h("details", { open: FACETS.indexOf(field) < 6 }, h("summary", {}, NAMES[field]),
      h("ul", {}, values.map(({ value, alerts }) => h("li", {},
        h("a", { href: `#/alerts?${api.query({ ...filter, [field]: value })}`, "aria-current": filter[field] === value ? "true" : false },
          h("span", { class: "value" }, value.replaceAll("_", " ")), " ", h("span", { class: "count" }, alerts))))),
      more > 0 ? h("p", { class: "more" }, `and ${more} more`) : null);
  }));
}

// Bars of the alerts' first calls, the severest at the bottom.
export function timeline(line) {
  if (line.buckets.length === 0) return null;
  const width = 1000, height = 80, step = width / line.buckets.length;
  const highest = Math.max(...line.buckets.map((bucket) => bucket.reduce((a, b) => a + b, 0)));
  const start = Date.parse(line.first);
  const bars = line.buckets.flatMap((bucket, i) => {
    let y = height;
    return [3, 2, 1, 0].map((severity) => {
      if (bucket[severity] === 0) return null;
      const size = Math.max(2, bucket[severity] / highest * height);
      y -= size;
      const day = new Date(start + i * line.bucket_seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
      return svg("rect", { class: `bar ${SEVERITIES[severity]}`, x: i * step, y, width: Math.max(1, step - 2), height: size },
        svg("title", {}, `${day}: ${bucket[severity]} ${SEVERITIES[severity]}`));
    });
  });
  const last = new Date(start + line.buckets.length * line.bucket_seconds * 1000).toISOString().slice(0, 10);
  return h("figure", { class: "timeline" },
    svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img",
      "aria-label": `First calls of these alerts from ${line.first.slice(0, 10)} to ${last}` }, bars),
    h("figcaption", {}, h("span", {}, line.first.slice(0, 10)), h("span", {}, last)));
}

export function alertRow(alert) {
  return h("tr", { "data-id": alert.id },
    h("td", {}, badge("severity", alert.severity)),
    h("th", { scope: "row" }, h("a", { class: "alert", href: `#/alerts/${alert.id}` }, alert.title),
      alert.contradicted ? h("span", { class: "note" }, " contradicted") : null,
      alert.note ? h("span", { class: "note" }, ` ${alert.note}`) : null),
    h("td", { class: "identity" }, h("a", { href: `#/identity/${encodeURIComponent(alert.identity)}` }, alert.identity)),
    h("td", {}, alert.as_name === "" ? alert.network : `${alert.network} ${alert.as_name}`),
    h("td", {}, alert.tool),
    // The order is that of first calls; a last call alone would look unsorted.
    h("td", { class: "when" }, time(alert.first_seen),
      alert.last_seen === alert.first_seen ? null : h("span", { class: "last" }, "to ", time(alert.last_seen))),
    h("td", { class: "number" }, alert.occurrences),
    h("td", {}, badge("status", alert.status)));
}

function rowsTable(body) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Alerts" },
    h("table", { class: "alerts" }, h("caption", { class: "hidden" }, "Alerts, by their first call, newest first"),
      h("thead", {}, h("tr", {}, ["Severity", "What happened", "Identity", "Network", "Tool", "First and last call (UTC)", "Calls", "Status"]
        .map((head) => h("th", { scope: "col" }, head)))), body));
}

async function save(filter, format) {
  const parts = [];
  let after = "", alerts = 0;
  do {
    const page = await api.exported({ ...filter, after }, format);
    // Each page of CSV has the names of the columns; one line of them is enough.
    parts.push(format === "csv" && parts.length > 0 ? page.text.slice(page.text.indexOf("\r\n") + 2) : page.text);
    after = page.next;
    alerts += 500;
    say(`Exporting ${format} ...`);
  } while (after !== null && alerts < EXPORT_MAX);
  const address = URL.createObjectURL(new Blob(parts, { type: format === "csv" ? "text/csv" : "application/x-ndjson" }));
  h("a", { href: address, download: `alerts.${format}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
  say("The export is done.");
}

// j and k go from alert to alert, and / to the search.
function keys(event) {
  if (event.target.closest("input, textarea, select") !== null || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("text")?.focus();
  }
  if (event.key !== "j" && event.key !== "k") return;
  const links = [...document.querySelectorAll("a.alert")];
  const at = links.indexOf(document.activeElement);
  links[event.key === "j" ? Math.min(links.length - 1, at + 1) : Math.max(0, at - 1)]?.focus();
}

export async function alertList(values) {
  const filter = filterOf(values);
  const body = h("tbody", {});
  const more = h("p", { class: "after" });
  const aside = h("div", {}), line = h("div", {}), total = h("p", { class: "total" });
  let next = "", asked = false, anew = null, counted = 0, counting = null;

  async function readPage() {
    const page = await api.get("alerts/search", { ...filter, limit: PAGE, after: next });
    next = page.next ?? "";
    body.append(...page.items.map(alertRow));
    replace(more, next === "" ? (body.children.length === 0 ? "No alert is like that." : "These are all.")
      : h("button", { type: "button", onclick: () => readPage().catch((error) => say(error.message)) }, "Show more"));
  }
  async function readCounts() {
    counted = performance.now();
    const counts = (await api.get("alerts/counts", filter)).items[0];
    replace(aside, facets(filter, counts));
    replace(line, timeline(counts.timeline));
    replace(total, `${counts.alerts.toLocaleString("en")} ${counts.alerts === 1 ? "alert" : "alerts"}`,
      h("span", { class: "note" }, counts.indexed === undefined ? "" : ` of the newest ${counts.indexed.toLocaleString("en")}`));
  }
  async function readAnew() {
    anew = null;
    next = "";
    const page = await api.get("alerts/search", { ...filter, limit: PAGE });
    next = page.next ?? "";
    const focused = document.activeElement?.closest("tr")?.dataset.id;
    replace(body, page.items.map(alertRow));
    if (focused !== undefined) [...body.children].find((row) => row.dataset.id === focused)?.querySelector("a.alert").focus();
    replace(more, next === "" ? "These are all." : h("button", { type: "button", onclick: () => readPage().catch((error) => say(error.message)) }, "Show more"));
    if (counting === null) counting = setTimeout(() => {
      counting = null;
      readCounts().catch((error) => say(error.message));
    }, Math.max(0, counted + COUNTS_EVERY_MS - performance.now()));
  }
  // An alert that stands here is drawn anew at once; for others the list is read again, once a second at most.
  function changed(alert) {
    const row = alert === null ? undefined : [...body.children].find((one) => one.dataset.id === alert.id);
    if (row !== undefined && !("status" in filter)) row.replaceWith(alertRow(alert));
    else if (anew === null) anew = setTimeout(() => readAnew().catch((error) => say(error.message)), asked ? LIST_EVERY_MS : 100);
    if (alert !== null && row === undefined && alert.status === "open") say(`New alert, ${alert.severity}: ${alert.title}`);
    asked = true;
  }

  await Promise.all([readPage(), readCounts()]);
  document.addEventListener("keydown", keys);
  const element = [
    h("div", { class: "heading" }, h("h1", {}, "Alerts"), total,
      h("div", { class: "actions" }, ["csv", "ndjson"].map((format) =>
        h("button", { type: "button", class: "small", onclick: () => save(filter, format).catch((error) => say(error.message)) },
          `Export ${format.toUpperCase()}`)))),
    searchForm(filter), chips(filter), line,
    h("div", { class: "columns" }, aside, h("div", {}, rowsTable(body), more)),
  ];
  return { title: "Alerts", element, changed, ended: () => {
    clearTimeout(anew);
    clearTimeout(counting);
    document.removeEventListener("keydown", keys);
  } };
}
