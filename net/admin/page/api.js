// What the page asks of the server. The token is shown once, at the login; from then on a cookie that no script can read
// says who asks, and `csrf` goes with every change.

let session = null;
let onLoggedOut = () => {};

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const who = () => session;
export const mayChange = () => session !== null && session.scope === "admin";
export function whenLoggedOut(call) {
  onLoggedOut = call;
}

async function ask(path, options = {}) {
  let reply;
  try {
    reply = await fetch(path, { credentials: "same-origin", cache: "no-store", redirect: "error", ...options });
  } catch {
    throw new Refused(0, "The server does not answer.");
  }
  if (reply.ok) return reply;
  let message = `The server answered ${reply.status}.`;
  try {
    message = (await reply.json()).error.message;
  } catch { /* no JSON: the status says enough */ }
  if (reply.status === 401 && session !== null) {
    session = null;
    onLoggedOut();
  }
  throw new Refused(reply.status, message);
}

export function query(values) {
  const pairs = Object.entries(values).filter(([, value]) => value !== "" && value !== undefined && value !== null);
  return pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
}

function path(operation, values) {
  const text = query(values ?? {});
  return `/api/v1/${operation}` + (text === "" ? "" : `?${text}`);
}

export async function get(operation, values) {
  return (await ask(path(operation, values))).json();
}

export async function change(operation, values) {
  const kept = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
  const reply = await ask(`/api/v1/${operation}`, {
    method: "POST", body: JSON.stringify(kept),
    headers: { "Content-Type": "application/json", "X-Csrf-Token": session?.csrf ?? "" },
  });
  return reply.json();
}

export async function exported(values, format) {
  const reply = await ask(path("alerts/export", { ...values, format }));
  return { text: await reply.text(), next: reply.headers.get("X-Straykey-Next") };
}

export async function login(token) {
  const reply = await ask("/api/v1/session", { method: "POST", body: "", headers: { Authorization: `Bearer ${token}` } });
  session = (await reply.json()).items[0];
}

// True: a cookie of an earlier login is still good.
export async function resume() {
  try {
    const found = (await get("session")).items[0];
    if (found.csrf === "") return false;
    session = found;
    return true;
  } catch {
    return false;
  }
}

export async function logout() {
  try {
    await change("session/end", {});
  } finally {
    session = null;
    onLoggedOut();
  }
}

// Calls back with each alert that was raised or changed, as a summary, or with null when so much changed that the list
// must be read anew.
export function watch(onAlert) {
  const source = new EventSource("/api/v1/alerts/events");
  source.addEventListener("alert", (event) => {
    const alert = JSON.parse(event.data);
    onAlert(alert.everything ? null : alert);
  });
  return source;
}
