// The strip above every view: what comes in, what waits, and what is wrong.
import * as api from "./api.js";
import { h, replace } from "./dom.js";

const EVERY_MS = 5000;
let timer = null;
let before = null;

function sum(status, name, labels = {}) {
  return status.series.filter((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value))
    .reduce((all, one) => all + one.value, 0);
}

function rate(status, name) {
  if (before === null) return null;
  const seconds = (status.read - before.read) / 1000;
  return seconds > 0 ? Math.max(0, (sum(status, name) - sum(before, name)) / seconds) : null;
}

function shown(number) {
  if (number === null) return "...";
  return number >= 100 ? Math.round(number).toLocaleString("en") : String(Math.round(number * 10) / 10);
}

function bytes(number) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let unit = 0;
  for (; number >= 1024 && unit < 3; ++unit) number /= 1024;
  return `${Math.round(number * 10) / 10} ${units[unit]}`;
}

function cell(name, value, state) {
  return h("div", { class: `cell ${state ?? ""}` }, h("dt", {}, name), h("dd", {}, value));
}

function webhooks(status) {
  const names = [...new Set(status.series.filter((one) => one.name === "straykey_webhook_queue").map((one) => one.labels.endpoint))];
  return names.map((endpoint) => {
    const queue = sum(status, "straykey_webhook_queue", { endpoint });
    const dead = sum(status, "straykey_webhook_deliveries_total", { endpoint, outcome: "dead" });
    const paused = sum(status, "straykey_webhook_paused", { endpoint }) > 0;
    const open = sum(status, "straykey_webhook_circuit_open", { endpoint }) > 0;
    const words = [paused ? "paused" : open ? "failing" : "well", `${queue} waiting`];
    if (dead > 0) words.push(`${dead} dead`);
    return cell(`Webhook ${endpoint}`, words.join(", "), paused || open || dead > 0 ? "bad" : "good");
  });
}

function draw(status) {
  const damaged = status.series.filter((one) => one.name === "straykey_store_damaged" && one.value > 0);
  replace(document.getElementById("strip"), h("dl", {},
    cell("State", status.ready ? "ready" : status.reasons.join(", "), status.ready ? "good" : "bad"),
    cell("Events a second", shown(rate(status, "straykey_events_processed_total"))),
    cell("Rejected a second", shown(rate(status, "straykey_events_rejected_total"))),
    cell("Waiting for judgement", String(status.unjudged)),
    cell("In the queues", bytes(sum(status, "straykey_queue_bytes"))),
    cell("Alerts in this run", String(sum(status, "straykey_alerts_total"))),
    damaged.length > 0 ? cell("Store", `damaged: ${damaged.map((one) => one.labels.part).join(", ")}`, "bad") : null,
    webhooks(status), cell("Version", status.version)));
}

async function look() {
  try {
    const status = (await api.get("status")).items[0];
    status.read = performance.now();
    draw(status);
    before = status;
  } catch (error) {
    if (api.who() !== null) replace(document.getElementById("strip"), h("p", { class: "error" }, error.message));
  }
}

export function startStrip() {
  look();
  timer = setInterval(() => document.hidden || look(), EVERY_MS);
}

export function stopStrip() {
  clearInterval(timer);
  before = null;
  replace(document.getElementById("strip"));
}
