// @ts-check
// Filling in one form by large fields; what is hardly possible asks to be confirmed by a second tap.

import { read } from "./course.js";
import { button, h } from "./dom.js";

/**
 * @param {any} form @param {string} title @param {(items: Record<string, any>, values: Record<string, any>) => Promise<boolean>} save @param {() => void} done
 */
export function pad(form, title, save, done) {
  /** @type {Record<string, any>} */
  const chosen = {};
  /** @type {Record<string, HTMLInputElement>} */
  const fields = {};
  let confirmed = "";
  const message = h("p", { class: "note", role: "alert", hidden: true });
  const parts = Object.entries(/** @type {Record<string, any>} */ (form.items)).map(([name, item]) =>
    item.type === "boolean" || item.type === "choice" ? choice(name, item, chosen) : number(name, item, fields),
  );
  const numbers = parts.filter((part) => part.tagName === "LABEL");
  const others = parts.filter((part) => part.tagName !== "LABEL");

  async function submit() {
    /** @type {Record<string, any>} */
    const items = { ...chosen };
    const missing = [];
    for (const [name, field] of Object.entries(fields)) {
      const text = field.value.trim().replace(",", ".");
      const item = form.items[name];
      if (text === "") {
        if (item.required) missing.push(item.title);
        continue;
      }
      if (!/^-?\d+(\.\d+)?$/.test(text)) return say(`${item.title}: “${text}” is no number.`);
      items[name] = item.type === "integer" && !item.unit ? Number(text) : `${text}${item.unit ? ` ${item.unit}` : ""}`;
    }
    for (const [name, item] of Object.entries(/** @type {Record<string, any>} */ (form.items))) {
      if ((item.type === "boolean" || item.type === "choice") && item.required && !(name in chosen)) missing.push(item.title);
    }
    if (!Object.keys(items).length) return say("Nothing is entered yet.");
    const told = JSON.stringify(items);
    const odd = oddities(form, items, fields);
    const doubts = [...odd, ...missing.map((one) => `${one} is left open`)];
    if (doubts.length && confirmed !== told) {
      confirmed = told;
      saving.querySelector("span").textContent = "Yes, save it so";
      return say(`${doubts.join(". ")}. Is that so?`);
    }
    saving.disabled = true;
    for (const name of Object.keys(form.items)) {
      if (missing.includes(form.items[name].title)) items[name] = { missing: "not_done" };
    }
    if (await save(items, read(form, items).values)) done();
    else saving.disabled = false;
    return undefined;
  }

  /** @param {string} text */
  function say(text) {
    message.textContent = text;
    message.hidden = false;
  }

  const saving = button("Save", submit, { class: "main" });
  const element = h("form", { class: "panel", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), submit()) },
    h("h1", {}, title), h("div", { class: "pad" }, numbers), others, message, h("div", { class: "row" }, button("Back", done, { class: "plain" }), saving));
  queueMicrotask(() => element.querySelector("input")?.focus());
  return element;
}

/** @param {any} form @param {Record<string, any>} items @param {Record<string, HTMLInputElement>} fields */
function oddities(form, items, fields) {
  const found = [];
  const { values, beyond } = read(form, items);
  for (const [name, field] of Object.entries(fields)) {
    const item = form.items[name];
    const value = values[name];
    const strange = name in beyond || (item.expected && value != null && (value < item.expected[0] || value > item.expected[1]));
    field.parentElement?.classList.toggle("odd", strange);
    if (name in beyond) found.push(`${item.title} of ${beyond[name]} can hardly be`);
    else if (strange) found.push(`${item.title} of ${value} is unusual`);
  }
  if (typeof values.systolic === "number" && typeof values.diastolic === "number" && values.systolic <= values.diastolic) {
    found.push("Systolic is not above diastolic");
  }
  return found;
}

/** @param {string} name @param {any} item @param {Record<string, HTMLInputElement>} fields */
function number(name, item, fields) {
  const field = h("input", { name, inputmode: item.type === "integer" ? "numeric" : "decimal", autocomplete: "off", enterkeyhint: "next", maxlength: 8 });
  fields[name] = field;
  // As many digits as its largest value has lead on to the next field: no tap in between.
  const digits = item.range ? String(Math.trunc(item.range[1])).length : 0;
  const leads = ["/min", "mm[Hg]"].includes(item.unit);
  field.addEventListener("input", () => {
    const text = field.value;
    const full = text.length >= digits || (digits === 3 && text.length === 2 && Number(text[0]) >= 3);
    if (leads && digits && full) next(field);
  });
  field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && next(field)) event.preventDefault();
  });
  return h("label", {}, h("small", {}, item.title, item.unit ? ` · ${unit(item.unit)}` : ""), field);
}

/** @param {HTMLInputElement} field */
function next(field) {
  const all = [...(field.form?.querySelectorAll("input") ?? [])];
  const after = all[all.indexOf(field) + 1];
  after?.focus();
  return Boolean(after);
}

/** A unit as people write it. @param {string} code */
export function unit(code) {
  return { "mm[Hg]": "mmHg", "/min": "/min", Cel: "°C", "%": "%" }[code] ?? code;
}

/** @param {string} name @param {any} item @param {Record<string, any>} chosen */
function choice(name, item, chosen) {
  const answers = item.type === "boolean" ? [[true, "Yes"], [false, "No"]] : item.of;
  const buttons = answers.map((/** @type {[any, string]} */ [code, label]) =>
    button(label, () => {
      chosen[name] = code;
      for (const one of buttons) one.setAttribute("aria-pressed", String(one === buttons[answers.findIndex((/** @type {any} */ each) => each[0] === code)]));
    }, { "aria-pressed": "false" }),
  );
  return h("div", { class: "choice", role: "group", "aria-label": item.title }, h("span", {}, item.title), item.help ? h("small", {}, item.help) : null, h("div", {}, buttons));
}
