// Records that were rejected, and what an account's identities used before it became active.
import * as api from "./api.js";
import { go } from "./app.js";
import { h, replace, say, table } from "./dom.js";

function rejectedText(reject) {
  return reject.record ?? (reject.record_base64 === undefined ? "" : `base64: ${reject.record_base64}`);
}

export async function rejects(values) {
  const reason = values.reason ?? "", source = values.source ?? "";
  const page = await api.get("rejects/list", { reason, source, after: values.after ?? "" });
  const reasonInput = h("input", { id: "reason", type: "text", value: reason, placeholder: "bad_json" });
  const sourceInput = h("input", { id: "source", type: "text", value: source });
  const record = h("div", { "aria-live": "polite" });
  const show = async (number) => {
    const reject = (await api.get("rejects/show", { number: String(number) })).items[0];
    replace(record, h("h2", {}, `Reject ${number}`), h("pre", { tabindex: "0", role: "region", "aria-label": `Reject ${number}` }, rejectedText(reject)),
      api.mayChange() ? h("button", { type: "button", onclick: () => api.change("rejects/drop", { number: String(number) })
        .then(() => { say("Forgotten."); go("rejects", { ...values, at: String(Date.now()) }); }).catch((error) => say(error.message)) }, "Forget it") : null);
  };
  return { title: "Rejects", element: [
    h("h1", {}, "Rejected records"),
    h("form", { class: "search", role: "search", onsubmit: (event) => {
      event.preventDefault();
      go("rejects", { reason: reasonInput.value.trim(), source: sourceInput.value.trim() });
    } }, h("label", { for: "reason" }, "Reason"), reasonInput, h("label", { for: "source" }, "Source has"), sourceInput, h("button", { type: "submit" }, "Show")),
    page.items.length === 0 ? h("p", {}, "None is kept.") : table("Rejected records, oldest first", ["Number", "Came", "Reason", "From", "Bytes"],
      page.items.map((reject) => [h("button", { type: "button", class: "small", onclick: () => show(reject.number).catch((error) => say(error.message)) }, String(reject.number)),
        reject.at, reject.reason, reject.source, reject.bytes])),
    page.next ? h("p", {}, h("a", { href: `#/rejects?${api.query({ reason, source, after: page.next })}` }, "Next page")) : null, record,
  ] };
}

export async function report(account) {
  const input = h("input", { id: "account", type: "text", value: account, pattern: "[0-9]{12}", required: true, placeholder: "111122223333" });
  const accounts = (await api.get("alerts/counts", {})).items[0].facets.account;
  let found = null, why = "";
  if (account !== "") {
    try {
      found = (await api.get("baseline/report", { account })).items[0];
    } catch (error) {
      why = error.message;
    }
  }
  return { title: "Activation", element: [
    h("h1", {}, "Activation report"),
    h("p", {}, "What an account's service identities use outside AWS. A thief who was there before the account became active would be among them."),
    h("form", { class: "search", role: "search", onsubmit: (event) => {
      event.preventDefault();
      go(`report/${encodeURIComponent(input.value.trim())}`);
    } }, h("label", { for: "account" }, "Account"), input, h("button", { type: "submit" }, "Show")),
    accounts.length > 0 ? h("p", {}, "Accounts with alerts: ", accounts.map((one, i) => [i > 0 ? ", " : "", h("a", { href: `#/report/${one.value}` }, one.value)])) : null,
    why === "" ? null : h("p", { class: "error", role: "alert" }, why),
    found === null ? null : [h("p", {}, `Account ${found.account}, seen from ${found.first_day} to ${found.last_day}.`),
      found.pairs.length === 0 ? h("p", {}, "None of them used a network outside AWS.")
        : table("Identities and networks", ["Identity", "Network", "Days", "First day", "Last day"], found.pairs.map((pair) => [
          h("a", { href: `#/identity/${encodeURIComponent(pair.identity)}` }, pair.identity), pair.network, pair.days, pair.first_day, pair.last_day]))],
  ] };
}
