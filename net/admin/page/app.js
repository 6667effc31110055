// The page: who is logged in, which view the address names, and what changes while it is open.
import * as api from "./api.js";
import { h, replace, say } from "./dom.js";
import { alertList } from "./list.js";
import { alertDetail } from "./detail.js";
import { baseline } from "./baseline.js";
import { rejects, report } from "./records.js";
import { startStrip, stopStrip } from "./strip.js";

const main = document.getElementById("main");
let watching = null;
let view = null;   // of what is shown: { title, changed(alert), ended() }, the last two may be missing
let shown = 0;     // which of several views asked for is the newest

const VIEWS = [
  { path: "alerts", name: "Alerts", hash: "#/alerts?status=open" },
  { path: "identity", name: "Identities", hash: "#/identity" },
  { path: "report", name: "Activation", hash: "#/report" },
  { path: "rejects", name: "Rejects", hash: "#/rejects" },
];

// "#/alerts/ID?severity=high" -> { path: ["alerts", ID], values: { severity: "high" } }
function place() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const values = {};
  for (const [name, value] of new URLSearchParams(query)) values[name] = value;
  return { path: path.split("/").filter(Boolean).map(decodeURIComponent), values };
}

export function go(path, values) {
  const query = api.query(values ?? {});
  location.hash = `#/${path}` + (query === "" ? "" : `?${query}`);
}

function showNav(current) {
  replace(document.getElementById("nav"), VIEWS.map(({ path, name, hash }) =>
    h("a", { href: hash, "aria-current": current === path ? "page" : false }, name)));
  const theme = document.documentElement.dataset.theme ?? "auto";
  replace(document.getElementById("who"),
    h("button", { type: "button", class: "small", onclick: changeTheme }, `Theme: ${theme}`),
    api.who() === null ? null : [
      h("span", { class: "name" }, `${api.who().name} (${api.who().scope})`),
      h("button", { type: "button", class: "small", onclick: () => api.logout() }, "Log out"),
    ]);
}

function changeTheme() {
  const next = { auto: "dark", dark: "light", light: "auto" }[document.documentElement.dataset.theme ?? "auto"];
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("theme", next);
  } catch { /* private windows keep nothing */ }
  showNav(place().path[0] ?? "alerts");
}

function showLogin(why) {
  stopWatching();
  view = null;
  shown += 1;
  document.title = "Log in - straykey";
  showNav("");
  const token = h("input", { id: "token", type: "password", autocomplete: "off", required: true, spellcheck: "false" });
  const refusal = h("p", { class: "error", role: "alert" }, why ?? "");
  replace(main, h("form", { class: "login", onsubmit: async (event) => {
    event.preventDefault();
    try {
      await api.login(token.value);
      token.value = "";
      await start();
    } catch (error) {
      refusal.textContent = error.status === 401 ? "This token is not known here." : error.message;
      token.focus();
    }
  } }, h("h1", {}, "Log in"),
  h("label", { for: "token" }, "A token of scope admin, or read to look only"), token,
  h("button", { type: "submit" }, "Log in"), refusal));
  token.focus();
}

async function show() {
  if (api.who() === null) return;
  const mine = ++shown;
  view?.ended?.();
  view = null;
  const { path, values } = place();
  const name = path[0] ?? "alerts";
  showNav(name);
  const make = { alerts: () => path.length > 1 ? alertDetail(path[1]) : alertList(values),
    identity: () => baseline(path.slice(1).join("/")), report: () => report(path[1] ?? ""),
    rejects: () => rejects(values) }[name];
  const element = h("div", { class: "view" });
  try {
    if (make === undefined) throw new Error("There is no such view.");
    const made = await make();
    if (mine !== shown) return made.ended?.();
    view = made;
    replace(element, made.element);
    document.title = `${made.title} - straykey`;
  } catch (error) {
    if (mine !== shown || api.who() === null) return;
    replace(element, h("h1", {}, "That did not work"), h("p", { class: "error", role: "alert" }, error.message));
  }
  replace(main, element);
  if (document.activeElement === document.body) main.focus({ preventScroll: true });
}

function stopWatching() {
  watching?.close();
  watching = null;
  stopStrip();
}

async function start() {
  if (location.hash === "" || location.hash === "#") history.replaceState(null, "", "#/alerts?status=open");
  stopWatching();
  startStrip();
  watching = api.watch((alert) => view?.changed?.(alert));
  await show();
}

// What an address names may contain "/": everything behind the first word is one identity.
window.addEventListener("hashchange", show);
api.whenLoggedOut(() => showLogin("You are logged out."));
try {
  const theme = localStorage.getItem("theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch { /* private windows keep nothing */ }
if (await api.resume()) await start();
else showLogin();
say("");
