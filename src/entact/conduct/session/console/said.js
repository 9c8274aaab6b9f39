// @ts-check
// What was said in the session and what it comes to: values of answers, facts of rules, and what a rule says of them.

import { evaluate } from "./rule.js";
import { scoresOf } from "./scoring.js";

/** @typedef {any} Briefing */
/** @typedef {{id: string, kind: string, at: number, by: string, role: string, timepoint: string | null, about: string | null, data: any, form?: string, values?: Record<string, any>, beyond?: Record<string, any>, unsent?: boolean, version?: string}} Said */

export const PARTICIPANT = "participant";
const NOT_TAKEN = new Set(["refused", "withheld"]);

/** What the server knows of the session and what this device adds, in order of time. @param {Briefing} briefing @param {any[]} own @returns {Said[]} */
export function together(briefing, own) {
  const known = new Set(briefing.said.map((/** @type {any} */ one) => one.id));
  const there = briefing.said.map((/** @type {any} */ one) => ({ ...one, at: Date.parse(one.at) }));
  const here = own.filter((entry) => !known.has(entry.id)).map((entry) => asSaid(briefing, entry));
  return [...there, ...here].sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
}

/** An entry of this device as the server would tell it. @param {Briefing} briefing @param {any} entry @returns {Said} */
export function asSaid(briefing, entry) {
  const said = { id: entry.id, kind: entry.kind, at: Date.parse(entry.occurred_at), by: entry.by, role: entry.role, timepoint: entry.timepoint, about: entry.about, data: entry.data, version: entry.version, unsent: true };
  const form = entry.kind === "vital_signs" ? "vitals" : entry.kind === "form" ? entry.data.form : null;
  if (!form) return said;
  return { ...said, form, ...read(briefing.forms[form], entry.kind === "vital_signs" ? entry.data : entry.data.items) };
}

/**
 * The values of answers: null for what is missing; what cannot be true is unknown, and beyond.
 * @param {any} form @param {Record<string, any>} items
 */
export function read(form, items) {
  /** @type {Record<string, any>} */
  const values = {};
  /** @type {Record<string, any>} */
  const beyond = {};
  for (const [name, answer] of Object.entries(items)) {
    const item = form?.items[name];
    if (!item) continue;
    const number = typeof answer === "number" ? answer : typeof answer === "string" && item.type !== "choice" ? Number(answer.split(" ")[0]) : NaN;
    if (item.type === "boolean" || item.type === "choice") values[name] = typeof answer === "object" ? null : answer;
    else if (!Number.isFinite(number)) values[name] = null;
    else if (item.range && (number < item.range[0] || number > item.range[1] || (item.step && (number - item.range[0]) % item.step !== 0))) {
      values[name] = null;
      beyond[name] = number;
    } else values[name] = number;
  }
  return { values: { ...values, ...scoresOf(form, values) }, beyond };
}

/** @param {Said[]} said @param {string} part */
export function doseOf(said, part) {
  return said.filter((one) => one.kind === "dose" && one.data.part === part && given(one) === true);
}

/** Whether some of a dose was taken; null where count and outcome cannot both be true. @param {Said} dose */
export function given(dose) {
  const takes = !NOT_TAKEN.has(dose.data.outcome ?? "taken");
  return dose.data.taken >= 0 && dose.data.taken > 0 === takes ? takes : null;
}

/** Notes of the session of one sort. @param {Said[]} said @param {string} what @param {string | null} name */
export function notesOf(said, what, name = null) {
  return said.filter((one) => one.kind === "session_note" && one.data.what === what && (name === null || one.data.name === name));
}

/** @typedef {{id: string, begun: number, ended: number | null, reference: string, digest: string}} Recording */

/** The recordings of the session: what is said of one later, in notes that are about it, stands. @param {Said[]} said @returns {Recording[]} */
export function recordingsOf(said) {
  const notes = notesOf(said, "recording");
  return notes.filter((one) => !one.about).map((one) => {
    const of = [one, ...notes.filter((other) => other.about === one.id)];
    const last = (/** @type {string} */ name) => of.findLast((other) => other.data[name])?.data[name] ?? "";
    return { id: one.id, begun: one.at, ended: of.find((other) => other.data.state === "ended")?.at ?? null, reference: last("reference"), digest: last("digest") };
  });
}

/** What was measured, once each: not also the reading of a monitor that a person took. @param {Said[]} said */
export function measured(said) {
  const taken = new Set(said.map((one) => one.about));
  return said.filter((one) => one.form === "vitals" && !(one.role === "device" && taken.has(one.id)));
}

/** Readings of monitors that nobody has taken for a planned time yet, the newest first. @param {Said[]} said @param {number} since */
export function readingsToTake(said, since) {
  const taken = new Set(said.map((one) => one.about));
  return said.filter((one) => one.role === "device" && one.form === "vitals" && one.at >= since && !taken.has(one.id)).reverse();
}

/** @param {Said[]} said */
export function isUnderWay(said) {
  const last = said.filter((one) => one.kind === "encounter").at(-1);
  return last?.data.status === "started";
}

/** @param {Said[]} said */
export function hasEnded(said) {
  return said.filter((one) => one.kind === "encounter").at(-1)?.data.status === "ended";
}

/** The level decided for the session. @param {Said[]} said @returns {string | null} */
export function levelOf(said) {
  return said.filter((one) => one.kind === "dose_level").at(-1)?.data.level ?? null;
}

/** Who is in the room: person and role. @param {Said[]} said */
export function inside(said) {
  /** @type {Map<string, string>} */
  const there = new Map();
  for (const one of said) {
    if (one.kind !== "presence") continue;
    if (one.data.state === "in") there.set(one.data.person, one.data.role);
    else there.delete(one.data.person);
  }
  return there;
}

/** What the functions of rules give at a time. @param {Briefing} briefing @param {Said[]} all @param {number} at @param {boolean} staffed whether only those count whom the site knows */
export function facts(briefing, all, at, staffed = false) {
  const said = all.filter((one) => one.at <= at);
  /** @type {Record<string, any>} */
  const found = {};
  const there = inside(said);
  for (const role of new Set([...Object.keys(briefing.roles), PARTICIPANT])) {
    const known = briefing.staff.some((/** @type {any} */ one) => one.roles.includes(role));
    let count = role === PARTICIPANT ? 1 : 0; // whose session it is
    for (const [person, as] of there) {
      if (role === PARTICIPANT && person === briefing.participant.number) continue;
      const staff = briefing.staff.find((/** @type {any} */ one) => one.person === person);
      if (as === role && (!staffed || !known || (staff?.counts && staff.roles.includes(role)))) count++;
    }
    found[`present('${role}')`] = count;
  }
  for (const part of ["initial", "supplement"]) {
    const doses = said.filter((one) => one.kind === "dose" && one.data.part === part).map(given);
    found[`given('${part}')`] = doses.includes(true) ? true : doses.includes(null) ? null : false;
    const first = doseOf(said, part)[0];
    if (first) found[`elapsed('${part}')`] = (at - first.at) / 1000;
  }
  const session = briefing.encounter.split("#")[0];
  found["doses()"] = new Set([...briefing.doses, ...(doseOf(said, "initial").length ? [session] : [])]).size;
  return found;
}

/**
 * The value of a name at a time; undefined where nobody said it, null where it is unknown.
 * @param {Briefing} briefing @param {Said[]} said @param {string} name @param {number} at
 * @param {{within?: number | null, ever?: boolean, beyond?: boolean}} how
 */
export function valueOf(briefing, said, name, at, how = {}) {
  return sourceOf(briefing, said, name, at, how)?.value;
}

/**
 * The value of a name at a time with the entry that it comes from and its version; undefined where nobody said it.
 * @param {Briefing} briefing @param {Said[]} said @param {string} name @param {number} at
 * @param {{within?: number | null, ever?: boolean, beyond?: boolean}} how
 * @returns {{value: any, entry: string, version: string | undefined} | undefined}
 */
function sourceOf(briefing, said, name, at, how) {
  const parts = name.split(".");
  const item = /** @type {string} */ (parts.pop());
  const form = parts.join(".");
  const lasting = briefing.forms[form]?.lasting;
  const fresh = (/** @type {number} */ when) => how.within == null || how.ever || lasting || at - when <= how.within * 1000;
  if (parts.length === 1) {
    for (let place = said.length - 1; place >= 0; place--) {
      const one = said[place];
      if (one.form !== form || one.at > at || !one.values || !(item in one.values)) continue;
      if (!fresh(one.at)) return undefined;
      const value = how.beyond && one.beyond && item in one.beyond ? one.beyond[item] : one.values[item];
      return { value, entry: one.id, version: one.version };
    }
  }
  const older = briefing.older[name];
  if (!older) return undefined;
  const counts = older.lasting || how.ever || (how.within != null && fresh(Date.parse(older.at)));
  return counts ? older : undefined;
}

/** The version of each entry that a rule was answered from; null where one is not known. @param {Briefing} briefing @param {Said[]} all @param {any} rule @param {number} at @param {any} how @returns {Record<string, string> | null} */
export function reliedOn(briefing, all, rule, at, how) {
  /** @type {Record<string, string | undefined>} */
  const found = {};
  const said = all.filter((one) => one.at <= at);
  for (const name of Object.keys(rule.names)) {
    const source = sourceOf(briefing, all, name, at, how);
    if (source) found[source.entry] = source.version;
  }
  const calls = Object.keys(rule.calls);
  const used = said.filter((one) => (calls.length && one.kind === "dose" && given(one) !== false) || (one.kind === "presence" && calls.some((call) => call.startsWith("present("))));
  for (const one of used) found[one.id] = one.version;
  return Object.values(found).includes(undefined) ? null : /** @type {Record<string, string>} */ (found);
}

/** @param {Briefing} briefing @param {Said[]} said @param {any} rule @param {number} at @param {any} how */
export function ask(briefing, said, rule, at, how = {}) {
  /** @type {Record<string, any>} */
  const values = {};
  for (const name of Object.keys(rule.names)) values[name] = valueOf(briefing, said, name, at, how);
  const answer = evaluate(rule, values, facts(briefing, said, at, how.staffed));
  return "error" in answer ? { unknown: [...Object.keys(rule.names), ...Object.keys(rule.calls)].sort() } : answer;
}

/** Names of rules as people call them. @param {Briefing} briefing @param {string[]} names */
export function called(briefing, names) {
  return names.map((one) => briefing.names[one] ?? one).join(", ");
}
