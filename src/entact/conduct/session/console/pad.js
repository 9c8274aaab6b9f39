// @ts-check
// Filling in one form by large fields; what is hardly possible asks to be confirmed by a second tap.

import { read } from "./course.js";
import { backTo, button, h, warning } from "./dom.js";
import { isAsked } from "./scoring.js";
import { coded, t } from "./words.js";

const FEW = 11; // whole numbers that are a tap each

/**
 * @param {any} form @param {string} title @param {(items: Record<string, any>, from: string, taken: any) => Promise<boolean>} save `from`: the devices that gave some of it, and which; `taken`: the monitor's reading that it is, or null @param {() => void} done
 * @param {any[]} readings of monitors, each with a label, that may be taken
 */
export function pad(form, title, save, done, readings = []) {
  /** @type {Record<string, any>} */
  const chosen = {};
  /** @type {Record<string, HTMLInputElement>} */
  const fields = {};
  /** @type {Record<string, {text: string, by: string}>} what a device gave */
  const given = {};
  /** @type {Map<string, string>} what is to be known of it, by device: the doubts of one stay when another is read */
  const doubted = new Map();
  let confirmed = "";
  /** @type {any} the monitor's reading that stands in the fields */
  let taken = null;
  const message = warning();
  const all = Object.entries(/** @type {Record<string, any>} */ (form.items));
  /** @type {Record<string, HTMLElement>} */
  const parts = Object.fromEntries(all.map(([name, item]) => [name, byTap(item) ? choice(name, item, chosen, look) : number(name, item, fields)]));
  const numbers = Object.values(parts).filter((part) => part.tagName === "LABEL");
  const others = Object.values(parts).filter((part) => part.tagName !== "LABEL");

  /** Only what is asked is shown; what an earlier answer leaves out is not sent. */
  function look() {
    const { values } = read(form, { ...chosen, ...typed() });
    for (const [name, item] of all) {
      parts[name].hidden = isAsked(item, values) !== true;
      if (parts[name].hidden) delete values[name];
    }
  }

  /** What is typed as it would be sent, wrong or not. */
  function typed() {
    return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.value.trim().replace(",", ".")]).filter(([, text]) => text !== ""));
  }

  async function submit() {
    /** @type {Record<string, any>} */
    const items = {};
    const missing = [];
    for (const [name, field] of Object.entries(fields)) {
      if (parts[name].hidden) continue;
      const text = field.value.trim().replace(",", ".");
      const item = form.items[name];
      if (text === "") {
        if (item.required) missing.push(item.title);
        continue;
      }
      if (!/^-?\d+(\.\d+)?$/.test(text)) return say(t`${item.title}: “${text}” is no number.`);
      items[name] = item.type === "integer" && !item.unit ? Number(text) : `${text}${item.unit ? ` ${item.unit}` : ""}`;
    }
    for (const [name, item] of all) {
      if (!byTap(item) || parts[name].hidden) continue;
      if (name in chosen) items[name] = chosen[name];
      else if (item.required) missing.push(item.title);
    }
    if (!Object.keys(items).length) return say(t`Nothing is entered yet.`);
    const told = JSON.stringify(items);
    const odd = oddities(form, items, fields);
    const doubts = [...odd, ...missing.map((one) => t`${one} is left open`)];
    if (doubts.length && confirmed !== told) {
      confirmed = told;
      saving.querySelector("span").textContent = t`Yes, save it so`;
      return say(`${doubts.join(". ")}. ${t`Is that so?`}`);
    }
    saving.disabled = true;
    for (const name of Object.keys(form.items)) {
      if (!parts[name].hidden && missing.includes(form.items[name].title)) items[name] = { missing: "not_done" };
    }
    const measured = Object.entries(given).filter(([name, one]) => fields[name].value.trim() === one.text && !parts[name].hidden);
    const from = [...new Set(measured.map(([, one]) => one.by))].map((by) => `${by} (${measured.filter(([, one]) => one.by === by).map(([name]) => name).join(", ")})`);
    if (await save(items, from.join(", "), measured.some(([, one]) => one.by === taken?.by) ? taken : null)) done();
    else saving.disabled = false;
    return undefined;
  }

  /** Readings of a device, where the browser can: they stand in their fields until a person saves them. */
  function devices() {
    if (!("bluetooth" in navigator) || !fields.heart_rate) return null;
    const place = h("div", { class: "row" }, button(t`Read from a device`, async () => {
      const found = await import("./bluetooth.js");
      place.replaceChildren(...found.SORTS.map((sort) => button(sort.title, () => void take(() => found.read(sort)), { class: "plain" })));
    }, { class: "plain" }));
    return place;
  }

  /** @param {() => Promise<import("./bluetooth.js").Reading & {name: string}>} ask */
  async function take(ask) {
    say(t`Measure now: what the device sends stands here then.`);
    try {
      const { signs, doubts, at, name } = await ask();
      for (const [sign, [value, code]] of Object.entries(signs)) {
        const item = form.items[sign];
        if (!fields[sign]) doubts.push(t`${coded(sign)} ${value} ${unit(code)} is not asked here`);
        else if (item.unit !== code) doubts.push(t`${item.title} is in ${unit(code)}, which is not converted: type it`);
        else [fields[sign].value, given[sign]] = [String(value), { text: String(value), by: name }];
      }
      doubted.set(name, [at ? t`From ${name}, measured at ${at.replace("T", " ")} by its own clock` : t`From ${name}`, ...doubts].join("; ") + ".");
      say(`${[...doubted.values()].join(" ")} ${t`Look at it, then save it.`}`);
    } catch (error) {
      say(t`Nothing was read: ${error instanceof Error ? error.message : error}. Measure again, or type it.`);
    }
    look();
  }

  /** What monitors sent a moment ago, each a tap away: it counts for a planned time when a person has looked at it. */
  function monitors() {
    return readings.length ? h("div", { class: "row" }, readings.map((one) => button(t`Take ${one.label}`, () => takeReading(one), { class: "plain", small: all.filter(([name]) => one.values?.[name] != null).map(([name, item]) => `${item.title} ${one.values[name]}`).join(", ") }))) : null;
  }

  /** @param {any} reading */
  function takeReading(reading) {
    if (taken) for (const name of Object.keys(fields)) if (given[name]?.by === taken.by && fields[name].value === given[name].text) fields[name].value = "";
    taken = reading;
    for (const [name, value] of Object.entries(reading.values ?? {})) {
      if (fields[name] && value !== null) [fields[name].value, given[name]] = [String(value), { text: String(value), by: reading.by }];
    }
    say(t`From ${reading.label}. Look at it, add what it did not measure, then save it: it is of that time.`);
    look();
  }

  /** @param {string} text */
  function say(text) {
    message.textContent = text;
    message.hidden = false;
  }

  const saving = button(t`Save`, submit, { class: "main" });
  const element = h("form", { class: "panel", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), submit()) },
    h("h1", {}, title), form.problem ? h("p", { class: "note" }, form.problem) : null, h("div", { class: "pad" }, numbers), monitors(), devices(), others, message, h("div", { class: "row" }, backTo(done), saving));
  for (const field of Object.values(fields)) field.addEventListener("input", look);
  look();
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
    if (name in beyond) found.push(t`${item.title} of ${beyond[name]} can hardly be`);
    else if (strange) found.push(t`${item.title} of ${value} is unusual`);
  }
  if (typeof values.systolic === "number" && typeof values.diastolic === "number" && values.systolic <= values.diastolic) {
    found.push(t`Systolic is not above diastolic`);
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

/** Whether an item is answered by a tap. @param {any} item */
function byTap(item) {
  return item.type === "boolean" || item.type === "choice" || (item.type === "integer" && !item.unit && numbersOf(item).length > 0);
}

/** The few whole numbers that an item can be; none where there are many. @param {any} item @returns {number[]} */
function numbersOf(item) {
  if (!item.range) return [];
  const count = Math.floor((item.range[1] - item.range[0]) / (item.step ?? 1)) + 1;
  return count > FEW ? [] : Array.from({ length: count }, (_, place) => item.range[0] + place * (item.step ?? 1));
}

/** @param {string} name @param {any} item @param {Record<string, any>} chosen @param {() => void} look */
function choice(name, item, chosen, look) {
  /** @type {[any, string][]} */
  const answers = item.type === "boolean" ? [[true, t`Yes`], [false, t`No`]] : item.type === "choice" ? item.of : numbersOf(item).map((one) => [one, item.labels?.[one] ?? String(one)]);
  const buttons = answers.map(([code, label]) =>
    button(label, () => {
      chosen[name] = code;
      for (const [place, one] of buttons.entries()) one.setAttribute("aria-pressed", String(code === answers[place][0]));
      look();
    }, { "aria-pressed": "false" }),
  );
  return h("div", { class: item.type === "integer" ? "choice scale" : "choice", role: "group", "aria-label": item.title }, h("span", {}, item.title), item.help ? h("small", {}, item.help) : null, h("div", {}, buttons));
}
