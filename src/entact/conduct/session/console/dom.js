// @ts-check
// Elements, in one line each.

import { t } from "./words.js";

const SVG = new Set(["svg", "line", "text", "polyline", "polygon", "circle"]);

/**
 * An element with attributes, listeners (`onclick`) and children; what is null or false is left out.
 * @param {string} tag @param {Record<string, any>} attributes @param {...any} children @returns {any}
 */
export function h(tag, attributes = {}, ...children) {
  const element = SVG.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false && one !== ""));
  return element;
}

/** A large target; the second tap of a double tap does nothing (`screen.js`), nor does one while the first is at work. @param {string} text @param {() => any} act @param {Record<string, any>} more */
export function button(text, act, more = {}) {
  const { small, ...attributes } = more;
  let works = false;
  const once = async () => {
    if (works) return;
    works = true;
    try {
      await act();
    } finally {
      works = false;
    }
  };
  return h("button", { type: "button", ...attributes, onclick: once }, h("span", {}, text), small ? h("small", {}, small) : null);
}

/** A panel under its title. @param {string} title @param {...any} children */
export const titled = (title, ...children) => h("section", { class: "panel" }, h("h1", {}, title), children);

/** What is said of a mistake once it is made. */
export const warning = (text = "") => h("p", { class: "note", role: "alert", hidden: true }, text);

/** @param {any} warning @param {string} text */
export const warn = (warning, text) => (warning.textContent = text, warning.hidden = false);

/** @param {() => any} act */
export const backTo = (act) => button(t`Back`, act, { class: "plain" });
