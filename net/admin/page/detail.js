// One alert: why it was raised, what the key did, what to do now, and what others say about it.
import * as api from "./api.js";
import { go } from "./app.js";
import { badge, copyButton, h, replace, say, svg, table, time } from "./dom.js";
import { alertRow } from "./list.js";

const RESPOND = { cloudtrail_command: "Find the key's calls in CloudTrail", athena_query: "The same in Athena",
  acknowledge_command: "Acknowledge from a shell (say why, and add --config FILE if data_dir is not the default)" };

function facts(rows) {
  return h("dl", { class: "facts" }, rows.filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function section(title, id, ...children) {
  return h("section", { "aria-labelledby": id }, h("h2", { id }, title), ...children);
}

function list(texts) {
  return h("ul", {}, texts.map((text) => h("li", {}, text)));
}

function search(name, value, shown) {
  return h("a", { href: `#/alerts?${api.query({ [name]: value })}` }, shown ?? value);
}

function about(alert) {
  const { source, user_agent: agent, token } = alert;
  return section("Who, where, with what", "about", facts([
    ["Identity", h("a", { href: `#/identity/${encodeURIComponent(alert.identity)}` }, alert.identity)],
    ["Account", search("account", alert.account)], ["Region", alert.region], ["Workload", alert.workload],
    ["Access keys", alert.access_keys.map((key, i) => [i > 0 ? ", " : "", search("key", key)])],
    ["Credential of", `${token.service} (${token.family}), proven by ${token.proof}`], ["Chain", token.chain],
    ["Addresses", alert.addresses.map((address, i) => [i > 0 ? ", " : "", search("address", address)])],
    ["Network", [search("network", alert.network), source.as_name ? ` ${source.as_name}` : "", ` (${source.class})`]],
    ["VPC endpoint", source.vpc_endpoint], ["Endpoint owner", source.endpoint_owner],
    ["Tool", [search("tool", agent.tool), ` (${agent.kind})`]], ["Platform", agent.platform], ["Command", agent.command],
    ["User agent", h("code", {}, agent.raw)],
    ["First call", time(alert.first_seen)], ["Last call", time(alert.last_seen)],
    ["Calls", String(alert.occurrences) + (alert.occurrences_may_be_approximate ? ", about" : "")],
    ["Takes in until", time(alert.dedup_until)],
    ["ATT&CK", [alert.attack.tactic, ...alert.attack.techniques].filter(Boolean).join(", ")],
  ]));
}

function pasted(label, text) {
  return h("div", { class: "paste" }, h("h3", {}, label, " ", copyButton(label, text)),
    h("pre", { tabindex: "0", role: "region", "aria-label": label }, text));
}

function respond(alert) {
  const known = alert.respond ?? { acknowledge_command: `straykey alerts ack ${alert.id} --note '<why it is ours>'` };
  return section("What to do now", "respond",
    known.revoke_policy ? pasted("Policy that ends the stolen sessions", JSON.stringify(known.revoke_policy, null, 2)) : null,
    known.revoke_caution ? h("p", { class: "note" }, known.revoke_caution) : null,
    (known.revoke ?? []).map((one) => pasted(`Put it on role ${one.role} of ${one.account}`, one.command)),
    Object.entries(RESPOND).map(([name, label]) => known[name] ? pasted(label, known[name]) : null),
    h("h3", {}, "Then ask"), list(alert.investigative_actions));
}

// A bar for each API from its first to its last call, on one line of time.
function bars(calls, label) {
  const lines = calls.apis.slice(0, 15);
  if (lines.length === 0) return null;
  const first = Math.min(...lines.map((line) => Date.parse(line.first)));
  const last = Math.max(...lines.map((line) => Date.parse(line.last)));
  const span = Math.max(1000, last - first), left = 260, width = 700, row = 20;
  const at = (text) => left + (Date.parse(text) - first) / span * width;
  return h("figure", { class: "calls" },
    svg("svg", { viewBox: `0 0 ${left + width + 20} ${lines.length * row + 4}`, role: "img", "aria-label": `${label} on a timeline` },
      lines.map((line, i) => [
        svg("text", { x: 0, y: i * row + 15 }, line.api.slice(0, 34)),
        svg("rect", { class: line.errors === line.count ? "bar failed" : "bar", x: at(line.first), y: i * row + 4, rx: 3,
          width: Math.max(6, at(line.last) - at(line.first)), height: row - 7 },
        svg("title", {}, `${line.api}: ${line.count} calls, ${line.errors} failed`)),
      ])),
    h("figcaption", {}, h("span", {}, new Date(first).toISOString().replace(".000", "")),
      h("span", {}, new Date(last).toISOString().replace(".000", ""))));
}

function calls(title, asked) {
  if (asked.calls === 0) return h("p", {}, `${title}: none is known.`);
  return [h("h3", {}, `${title}: ${asked.calls} calls, ${asked.errors} failed`), bars(asked, title),
    table(`${title}, by API`, ["API", "Calls", "Failed", "First", "Last"],
      asked.apis.map((line) => [line.api, line.count, line.errors, time(line.first), time(line.last)]), { class: "small" }),
    facts([["From", asked.sources.map((one) => `${one.value} (${one.count})`).join(", ")],
      ["With (one of several user agents of each tool and platform)", asked.user_agents.map((one) => `${one.value} (${one.count})`).join("; ")]])];
}

function investigation(found, keys) {
  const { now, since } = found;
  return section("What the key did", "calls",
    since.key_calls.calls > 0 ? h("p", { class: "warning" }, `${since.key_calls.calls} calls with this key since the alert was raised.`) : null,
    keys.length > 1 ? h("p", { class: "note" }, `The alert has ${keys.length} access keys. The calls with the access key are those of ${found.access_key_id}, with which it began.`) : null,
    calls("Calls with the access key", now.key_calls), calls("Calls of the identity with any key", now.identity_calls),
    now.role_assumed_by.length > 0 ? table("Who assumed the role", ["By", "Days", "First day", "Last day"],
      now.role_assumed_by.map((one) => [one.by, one.days, one.first_day, one.last_day]), { class: "small" }) : null);
}

function alertsTable(caption, alerts) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", { class: "alerts" }, h("caption", {}, caption),
      h("thead", {}, h("tr", {}, ["Severity", "What happened", "Identity", "Network", "Tool", "First and last call (UTC)", "Calls", "Status"]
        .map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, alerts.map(alertRow))));
}

function others(alert, campaign, related) {
  const parts = [];
  if (alert.campaign && campaign.length > 0) {
    parts.push(h("p", {}, alert.campaign.sentence, " ", search("campaign", alert.campaign.id, "All alerts of this campaign"),
      alert.campaign.declare ? [alert.campaign.declare === "[[known]]" ? ". Anybody may rent an address in this network: if it was yours, declare the identities that may: "
        : ". If the place is yours, declare it: ", h("code", {}, alert.campaign.declare)] : null));
    if (campaign.length > 1) parts.push(alertsTable("Alerts of the campaign", campaign));
  }
  if (related.length > 0) parts.push(alertsTable("Related alerts", related));
  return parts.length === 0 ? null : section("Others like it", "others", parts);
}

// Each webhook and what became of the alert there. Whoever may change something may send it again.
function deliveries(id, waiting, endpoints) {
  const word = (row) => row === undefined ? "nothing waits: it arrived, or was not wanted" : row.dead ? "given up" : row.attempts === 0 ? "waits"
    : `waits, next attempt ${new Date(row.next_attempt * 1000).toISOString().slice(0, 19)}`;
  const again = (endpoint) => h("button", { type: "button", class: "small", "aria-label": `Send again to ${endpoint}`, onclick: async (event) => {
    try {
      await api.change("alerts/redeliver", { id, endpoint });
      event.target.closest("tr").children[1].textContent = "waits";
      say(`It is sent to ${endpoint} again.`);
    } catch (error) {
      say(error.message);
    }
  } }, "Send again");
  return section("Webhooks", "deliveries", endpoints.length === 0 ? h("p", {}, "There is no webhook.")
    : table("What became of it at each webhook", ["Webhook", "This alert", "Attempts", "Last error", ...(api.mayChange() ? ["Again"] : [])],
      endpoints.map(({ name, paused, failing }) => {
        const row = waiting.find((one) => one.endpoint === name);
        return [name + (paused ? " (paused)" : failing ? " (failing)" : ""), word(row), row?.attempts ?? "", row?.last_error ?? "",
          ...(api.mayChange() ? [again(name)] : [])];
      })));
}

// What counts as known after "Acknowledge" or "False positive", so that nobody admits a whole hoster unawares.
function whatBecomesKnown(alert, { network, until, campaign }) {
  const only = network === "prefix" || (network === "" && alert.acknowledges === "prefix");
  const named = [alert.network, alert.source.as_name].filter(Boolean).join(" ");
  const ofAs = /^AS\d/.test(alert.network);
  const place = !ofAs ? named : only ? `${alert.source.prefix ?? "the address's prefix"} of ${named}` : `all of ${named}`;
  const who = campaign ? "every identity of the campaign, each as its alert says; here " : "";
  const what = alert.analytic === "remote_service_token" ? `${alert.identity} from ${place}, and what else the reasons call new`
    : `of ${alert.identity}, what the reasons call new`;
  return `Acknowledged or called a false positive, this will count as known${until ? ` for calls until ${until}` : " for good"}: ${who}${what}.`;
}

function answerForm(alert) {
  if (!api.mayChange()) return h("p", { class: "note" }, "This token may look and not answer.");
  const whole = alert.campaign !== undefined && alert.campaign !== null;
  const note = h("input", { id: "note", type: "text", maxlength: 1000, placeholder: "why", autocomplete: "off" });
  const until = h("input", { id: "until", type: "date" });
  const network = h("select", { id: "network" }, h("option", { value: "" }, alert.acknowledges === "prefix" ? "the prefix only" : "as usual"),
    h("option", { value: "all" }, "the AS number too"), h("option", { value: "prefix" }, "the prefix only"));
  const all = h("input", { id: "campaign", type: "checkbox" });
  const known = h("p", { class: "note", id: "known" });
  const tell = () => {
    known.textContent = whatBecomesKnown(alert, { network: network.value, until: until.value, campaign: all.checked });
  };
  for (const one of [until, network, all]) one.addEventListener("change", tell);
  tell();
  const refusal = h("p", { class: "error", role: "alert" });
  const answer = (operation, word, withEnd) => async () => {
    refusal.textContent = "";
    if (withEnd && note.value.trim() === "") {
      refusal.textContent = "Say why in the note: this will count as known, and the note is what tells others why.";
      note.focus();
      return;
    }
    const which = all.checked ? { campaign: alert.campaign.id } : { id: alert.id };
    try {
      await api.change(operation, { ...which, note: note.value, ...(withEnd ? { until: until.value, network: network.value } : {}) });
      say(`${word}.`);
    } catch (error) {
      refusal.textContent = error.message;
    }
  };
  const answered = alert.status === "acknowledged" || alert.status === "false_positive";
  const button = (text, operation, word, withEnd) => h("button", { type: "button", onclick: answer(operation, word, withEnd) }, text);
  return h("form", { class: "answer", "aria-label": "Answer", onsubmit: (event) => event.preventDefault() },
    h("div", {}, h("label", { for: "note" }, "Note"), note),
    h("div", {}, h("label", { for: "until" }, "Counts for calls until"), until),
    h("div", {}, h("label", { for: "network" }, "Takes in"), network),
    known, whole ? h("div", {}, all, h("label", { for: "campaign" }, "all alerts of its campaign")) : null,
    h("div", { class: "buttons" },
      button("Acknowledge", "alerts/ack", "Acknowledged", true), button("False positive", "alerts/false-positive", "Called a false positive", true),
      answered ? null : button("Close", "alerts/close", "Closed", false),
      alert.status === "open" ? null : button("Reopen", "alerts/reopen", "Open again", false)), refusal);
}

function heading(alert) {
  return h("div", { class: "heading" }, h("div", {}, h("p", {}, badge("severity", alert.severity), " ", badge("status", alert.status), " ",
    alert.contradicted ? badge("status", "contradicted") : null, " ", alert.name),
  h("h1", {}, alert.title),
  alert.note || alert.status_at ? h("p", { class: "said" }, alert.status.replace("_", " "), alert.status_at ? [" ", time(alert.status_at)] : null,
    alert.known ? ` by the configuration, [[known]] ${alert.known.join(", ")}` : "",
    alert.acknowledged_until ? ` for calls until ${alert.acknowledged_until}` : "", alert.note ? `: ${alert.note}` : "") : null,
  alert.status === "acknowledged" || alert.status === "false_positive" ? h("p", { class: "learned" },
    "What it was raised for counts as known now: ", h("a", { href: `#/identity/${encodeURIComponent(alert.identity)}` }, "see the identity's baseline"), ".") : null));
}

async function read(id) {
  const [shown, found, waiting, endpoints] = await Promise.all([api.get("alerts/show", { id }), api.get("alerts/investigate", { id }),
    api.get("alerts/deliveries", { id }), api.get("webhook/list")]);
  const alert = shown.items[0];
  const [campaign, related] = await Promise.all([
    alert.campaign ? api.get("alerts/search", { campaign: alert.campaign.id, limit: 20 }).then((page) => page.items) : [],
    Promise.all(alert.related.slice(0, 10).map(async (one) => {
      try {
        const other = (await api.get("alerts/show", { id: one.id })).items[0];
        return { ...other, as_name: other.source.as_name ?? "", tool: other.user_agent.tool };
      } catch {
        return null;
      }
    })).then((all) => all.filter((one) => one !== null))]);
  return { alert, found: found.items[0], waiting: waiting.items, endpoints: endpoints.items, campaign, related };
}

export async function alertDetail(id) {
  const element = h("article", {});
  const head = h("div", {});
  let alert = null;
  function drawHead() {
    replace(head, heading(alert), answerForm(alert));
  }
  const all = await read(id);
  alert = all.alert;
  drawHead();
  replace(element,
    h("p", {}, h("a", { href: "#/alerts?status=open", onclick: (event) => {
      if (history.length > 1) {
        event.preventDefault();
        history.back();
      }
    } }, "\u2190 Back to the list")), head,
    section("Why", "why", list(alert.why), alert.limits.length > 0 ? [h("h3", {}, "What held the verdict back"), list(alert.limits)] : null,
      h("p", {}, alert.description, " ", h("strong", {}, "What an attacker wants: "), alert.attacker_goal)),
    respond(alert), investigation(all.found, alert.access_keys), about(alert), others(alert, all.campaign, all.related), deliveries(id, all.waiting, all.endpoints),
    section("The record", "record", alert.record_truncated ? h("p", { class: "note" }, "The record is too long to be kept whole.") : null,
      pasted("CloudTrail record", JSON.stringify(alert.event, null, 2))));
  return { title: alert.title, element, changed: async (other) => {
    if (other !== null && other.id !== id) return;
    alert = (await api.get("alerts/show", { id })).items[0];
    // Whoever types a note keeps it; the answer's own change comes when the buttons have done their work.
    const typed = head.querySelector("#note")?.value ?? "";
    drawHead();
    const note = head.querySelector("#note");
    if (note !== null && alert.note !== typed) note.value = typed;
  } };
}
