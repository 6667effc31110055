// What is known of an identity: the days of the last 30 on which each network, tool, platform and source of its
// credentials was seen.
import * as api from "./api.js";
import { go } from "./app.js";
import { alertRow } from "./list.js";
import { h } from "./dom.js";

const DAYS = 30;
const GROUPS = [["network", "Networks"], ["tool", "Tools"], ["runtime", "Platforms and runtimes"], ["evidence", "Credential sources"],
  ["presigned", "Presigned requests"], ["service", "Services that were given its role"], ["principal", "Who assumed its role"]];

const dayOf = (text) => Math.floor(Date.parse(text) / 86400000);
const nameOf = (day) => new Date(day * 86400000).toISOString().slice(0, 10);

function form(identity) {
  const input = h("input", { id: "identity", type: "text", size: 60, value: identity, required: true, placeholder: "111122223333/role/function" });
  return h("form", { class: "search", role: "search", onsubmit: (event) => {
    event.preventDefault();
    go(`identity/${encodeURIComponent(input.value.trim())}`);
  } }, h("label", { for: "identity" }, "Identity"), input, h("button", { type: "submit" }, "Show"));
}

function grid(title, rows, newest) {
  const first = newest - DAYS + 1;
  const days = Array.from({ length: DAYS }, (_, i) => first + i);
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
    h("table", { class: "grid" }, h("caption", {}, title),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Value"), days.map((day) =>
        h("th", { scope: "col", title: nameOf(day) }, h("span", { class: "hidden" }, nameOf(day)), h("span", { "aria-hidden": "true" }, nameOf(day).slice(8)))),
      h("th", { scope: "col" }, "State"))),
      h("tbody", {}, rows.map((row) => h("tr", {}, h("th", { scope: "row" }, row.value === "" ? "(none)" : row.value),
        days.map((day) => row.days.has(day) ? h("td", { class: row.hit ? "hit" : "seen" }, h("span", { class: "hidden" }, row.hit ? "in an alert" : "seen")) : h("td", {})),
        h("td", { class: "state" }, row.state))))));
}

// Facts and quarantine of one kind, a row for each value. What is in quarantine counts as unknown, whatever was learned.
function rowsOf(kind, facts, quarantine) {
  const rows = new Map();
  for (const fact of facts.filter((one) => one.kind.endsWith(`_${kind}`))) {
    const days = new Set([...(rows.get(fact.value)?.days ?? []), ...fact.days.map(dayOf)]);
    rows.set(fact.value, { value: fact.value, days, hit: false, state: days.size >= 2 ? "learned" : "seen once" });
  }
  for (const fact of quarantine.filter((one) => one.kind.endsWith(`_${kind}`))) {
    const until = fact.acknowledged_until ? ` until ${fact.acknowledged_until}` : "";
    rows.set(fact.value, { value: fact.value, days: new Set([...(rows.get(fact.value)?.days ?? []), ...fact.days.map(dayOf)]),
      hit: !fact.acknowledged, state: fact.acknowledged ? `acknowledged${until}` : "in quarantine" });
  }
  return [...rows.values()];
}

// Whoever does not know a name by heart begins with those that have alerts.
async function identities() {
  const found = (await api.get("alerts/counts", {})).items[0].facets.identity;
  return { title: "Identities", element: [
    h("h1", {}, "An identity's baseline"), form(""),
    h("h2", {}, "Those with most alerts"),
    found.length === 0 ? h("p", {}, "None has an alert.") : h("ul", { "aria-label": "Identities with most alerts" }, found.map(({ value, alerts }) =>
      h("li", {}, h("a", { href: `#/identity/${encodeURIComponent(value)}` }, value), " ", h("span", { class: "count" }, alerts)))),
  ] };
}

export async function baseline(identity) {
  if (identity === "") return identities();
  const [facts, quarantine, alerts] = await Promise.all([
    api.get("baseline/show", { identity }).then((answer) => answer.items).catch((error) => {
      if (error.status === 404) return [];
      throw error;
    }),
    api.get("baseline/quarantine", { identity }).then((answer) => answer.items),
    api.get("alerts/search", { identity, limit: 20 }).then((answer) => answer.items)]);
  const days = [...facts, ...quarantine].flatMap((fact) => fact.days.map(dayOf));
  const newest = days.length === 0 ? 0 : Math.max(...days);
  const grids = GROUPS.map(([kind, title]) => [title, rowsOf(kind, facts, quarantine)]).filter(([, rows]) => rows.length > 0);
  return { title: identity, element: [
    h("h1", {}, identity), form(identity),
    grids.length === 0 ? h("p", {}, "Nothing is known of this identity.")
      : h("p", { class: "note" }, `The 30 days up to ${nameOf(newest)}, the newest day on which anything of it was seen.`),
    grids.map(([title, rows]) => grid(title, rows, newest)),
    h("h2", {}, "Its alerts"),
    alerts.length === 0 ? h("p", {}, "None.") : h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Its alerts" },
      h("table", { class: "alerts" }, h("caption", { class: "hidden" }, "Its alerts"),
        h("thead", {}, h("tr", {}, ["Severity", "What happened", "Identity", "Network", "Tool", "First and last call (UTC)", "Calls", "Status"]
          .map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, alerts.map(alertRow)))),
  ] };
}
