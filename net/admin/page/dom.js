// Elements out of names, properties and texts. Whatever comes from an event becomes a text node here, and nothing else.

const SVG = "http://www.w3.org/2000/svg";

function put(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(visible(String(child))));
  }
  return element;
}

// Characters that would be invisible, or turn the text around them, are shown as their number.
export function visible(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu,
    (c) => "\\u" + c.codePointAt(0).toString(16).padStart(4, "0"));
}

// properties: "on" and an event's name for a function; anything else is an attribute. false and null leave it out.
export function h(name, properties, ...children) {
  return put(dress(document.createElement(name), properties), children);
}

export function svg(name, properties, ...children) {
  return put(dress(document.createElementNS(SVG, name), properties), children);
}

function dress(element, properties) {
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  return element;
}

export function replace(element, ...children) {
  element.replaceChildren();
  return put(element, children);
}

export function say(text) {
  document.getElementById("said").textContent = visible(text);
}

// 2026-11-30T12:00:00Z as 2026-11-30 12:00:00, in UTC as everywhere.
export function time(text) {
  return h("time", { datetime: text }, text.replace("T", " ").replace("Z", ""));
}

export function badge(kind, word) {
  return h("span", { class: `badge ${kind}-${word}` }, word.replaceAll("_", " "));
}

export function copyButton(label, text) {
  return h("button", { type: "button", class: "small", "aria-label": `Copy: ${label}`, onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
      say("Copied.");
    } catch {
      say("The browser did not allow copying: select the text instead.");
    }
  } }, "Copy");
}

export function table(caption, heads, rows, properties) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", properties, h("caption", {}, caption),
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, i) =>
        i === 0 ? h("th", { scope: "row" }, cell) : h("td", {}, cell)))))));
}
