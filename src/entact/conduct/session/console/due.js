// @ts-check
// What has to be done in the session and after it, each with its time.

import { episodes } from "./alerts.js";
import { doseOf, isUnderWay, notesOf } from "./said.js";
import { t } from "./words.js";

/** @typedef {{what: string, form: string, timepoint: string | null, at: number | null, why: string}} Due */

/**
 * What has to be done, with its time: readings relative to the doses, and sooner after a high one.
 * @param {any} briefing @param {import("./said.js").Said[]} said @returns {Due[]}
 */
export function due(briefing, said) {
  /** @type {Due[]} */
  const found = [];
  if (!isUnderWay(said)) return found;
  for (const row of briefing.timed) {
    const form = row.do === "vital_signs" ? "vitals" : row.do;
    for (const timepoint of row.at) {
      if (said.some((one) => one.timepoint === timepoint && (one.form === form || one.kind === row.do))) continue;
      const when = instantOf(briefing, said, timepoint);
      if (when !== undefined) found.push({ what: row.do, form, timepoint, at: when, why: timepoint });
    }
  }
  const again = nextAfterHigh(briefing, said);
  if (again && !found.some((one) => one.form === "vitals" && one.at !== null && one.at <= again.at)) found.push(again);
  return found.sort((one, other) => (one.at ?? 0) - (other.at ?? 0));
}

/** Who has the participant for the night, whether they took over, and when they look in next; null where nobody has. @param {any} briefing @param {import("./said.js").Said[]} said */
export function nightOf(briefing, said) {
  const given = notesOf(said, "hand_over").findLast((one) => !one.data.state);
  const after = given ? said.filter((one) => one.at > given.at) : [];
  if (!given || notesOf(after, "hand_over").some((one) => one.data.state === "ended")) return null;
  const looks = notesOf(after, "night_check");
  const every = briefing.plan.night_checks;
  const taken = said.find((one) => one.kind === "session_note" && one.data.state === "yes" && one.about === given.id && one.by === given.data.person) ?? null;
  return { given, taken, looks, next: every == null ? null : (looks.at(-1)?.at ?? given.at) + every * 1000 };
}

/** When a time within the session is; null: now, undefined: not yet known. @param {any} briefing @param {import("./said.js").Said[]} said @param {string} timepoint */
function instantOf(briefing, said, timepoint) {
  const initial = doseOf(said, "initial")[0];
  if (timepoint === "before initial") return initial ? undefined : null;
  if (timepoint === "end") return initial && briefing.lasts ? initial.at + briefing.lasts * 1000 : undefined;
  const [base, offset] = timepoint.split(" + ");
  const from = doseOf(said, base)[0];
  return from ? from.at + milliseconds(offset ?? "0") : undefined;
}

/** @param {string} text such as `1 h 30 min` */
export function milliseconds(text) {
  let total = 0;
  for (const [, count, unit] of text.matchAll(/([\d.]+)\s*(min|h|d|s)/g)) total += Number(count) * { s: 1e3, min: 6e4, h: 36e5, d: 864e5 }[/** @type {"s"} */ (unit)];
  return total;
}

/** The next vital signs while an alert about them goes on. @param {any} briefing @param {import("./said.js").Said[]} said @returns {(Due & {at: number}) | null} */
function nextAfterHigh(briefing, said) {
  const going = episodes(briefing, said).filter((one) => one.form === "vitals" && one.ended === null);
  const last = said.findLast((one) => one.form === "vitals");
  if (!going.length || !last) return null;
  const waits = going.map((one) => {
    const alert = briefing.alerts[one.alerts[0]];
    return (one.held.length === 1 && alert.confirm != null ? alert.confirm : alert.again) * 1000;
  });
  return { what: "vital_signs", form: "vitals", timepoint: null, at: last.at + Math.min(...waits), why: t`again, while “${going[0].title}” goes on` };
}

/** Forms that the session asks for once the dose is given, at no planned time. @param {any} briefing @param {import("./said.js").Said[]} said */
export function afterDose(briefing, said) {
  const timed = new Set(briefing.timed.map((/** @type {any} */ one) => one.do));
  const cut = briefing.activities.indexOf("dose");
  const names = cut < 0 ? [] : briefing.activities.slice(cut + 1).filter((/** @type {string} */ name) => briefing.forms[name] && !timed.has(name));
  return names.map((/** @type {string} */ form) => ({ form, title: briefing.forms[form].title, last: said.findLast((one) => one.form === form)?.at ?? null }));
}

/** The forms whose answers a reason against an act waits for. @param {any} briefing @param {import("./gate.js").Reason[]} reasons @returns {string[]} */
export function formsMissing(briefing, reasons) {
  const names = reasons.flatMap((one) => one.missing ?? []).filter((name) => name.split(".").length === 2).map((name) => name.split(".")[0]);
  return [...new Set(names)].filter((name) => briefing.forms[name]?.simple);
}

/** What is asked at arrival and is not there yet. @param {any} briefing @param {import("./said.js").Said[]} said */
export function arrival(briefing, said) {
  const cut = briefing.activities.indexOf("dose");
  const before = cut < 0 ? briefing.activities : briefing.activities.slice(0, cut);
  return before.map((/** @type {string} */ name) => {
    const form = name === "vital_signs" ? "vitals" : name;
    return { name, form, title: briefing.forms[form]?.title ?? name, done: said.some((one) => one.form === form || one.kind === name) };
  });
}
