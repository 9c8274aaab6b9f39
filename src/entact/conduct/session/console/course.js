// @ts-check
// What the session has come to, from what was said in it: pure, so that it can be asked again at any moment. It
// answers as entact.course does on the server, which asks again when an entry arrives.

import { isSetAside } from "./override.js";
import { evaluate } from "./rule.js";
import { scoresOf } from "./scoring.js";
import { t } from "./words.js";

/** @typedef {any} Briefing */
/** @typedef {{id: string, kind: string, at: number, by: string, role: string, timepoint: string | null, about: string | null, data: any, form?: string, values?: Record<string, any>, beyond?: Record<string, any>, unsent?: boolean, version?: string}} Said */
/** @typedef {{code: string, message: string, missing?: string[], override?: string | null, versions?: Record<string, string> | null}} Reason */

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
function reliedOn(briefing, all, rule, at, how) {
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

/**
 * Every reason against an act now; none where the gate says yes. Null where this role does not see the gate.
 * @param {Briefing} briefing @param {Said[]} said @param {string} act @param {number} at @param {string | null} kit @param {string} by who would do it
 * @returns {Reason[] | null}
 */
export function reasonsAgainst(briefing, said, act, at, kit = null, by = briefing.person?.identity ?? "") {
  const gate = briefing.gates[act];
  const standing = briefing.standing[act];
  if (!gate || !standing) return null;
  /** @type {Reason[]} */
  const found = [...standing.reasons];
  if (at > Date.parse(standing.until)) found.push({ code: "standing_over", message: t`What the server said of consent, kits and certificates is of yesterday: ask it again.` });
  if (!isUnderWay(said)) found.push({ code: "not_in_session", message: t`No session is under way.` });
  if (act !== "discharge") found.push(...aboutDose(briefing, said, act, at, kit));
  if (gate.applies_when) {
    const applies = ask(briefing, said, gate.applies_when, at);
    if ("unknown" in applies) found.push({ code: `${act}.applies_when`, message: t`Not known: ${called(briefing, applies.unknown)}.`, missing: applies.unknown });
    if ("unknown" in applies || !applies.value) return found;
  }
  for (const one of gate.requirements) {
    const how = { within: one.within, ever: one.ever, staffed: true };
    const held = ask(briefing, said, one.rule, at, how);
    if ("unknown" in held) {
      const names = called(briefing, held.unknown);
      const unknown = one.within == null ? t`Not known: ${names}.` : t`Not known within the last ${Math.round(one.within / 60)} min: ${names}.`;
      found.push({ code: one.code, message: `${sentence(one.else)} ${unknown}`, missing: held.unknown });
    } else if (held.value !== true && !(act === "discharge" && one.staff)) {
      const versions = one.override ? reliedOn(briefing, said, one.rule, at, how) : null;
      if (versions && isSetAside(briefing, said, one.code, one.override, versions, at, by)) continue;
      found.push({ code: one.code, message: sentence(one.else), override: one.override, versions });
    }
  }
  return found;
}

/** The hard core's checks of a dose that are asked in the room. @param {Briefing} briefing @param {Said[]} said @param {string} act @param {number} at @param {string | null} kit @returns {Reason[]} */
function aboutDose(briefing, said, act, at, kit) {
  /** @type {Reason[]} */
  const found = [];
  const part = act === "supplement" ? "supplement" : "initial";
  const level = levelOf(said);
  if (!level) found.push({ code: "level_not_decided", message: t`The dose level of this session has not been decided.` });
  else if (briefing.levels.length && !briefing.levels.includes(level)) found.push({ code: "level_not_planned", message: t`Level ${level} is not planned for this session.` });
  for (const dose of doseOf(said, part)) found.push({ code: "dose_given", message: [part === "initial" ? t`The initial dose of this session was already given.` : t`The supplement dose of this session was already given.`, dose.unsent ? t`This device knows of it.` : ""].join(" ").trim() });
  if (said.some((one) => one.kind === "dose" && given(one) === null)) found.push({ code: "dose_unclear", message: t`It is not known whether a dose of this session was taken: what was entered contradicts itself.` });
  const kits = briefing.standing[act].kits;
  const named = kits.find((/** @type {any} */ one) => kit !== null && one.number.toUpperCase() === kit.trim().toUpperCase());
  if (!kit) found.push({ code: "kit_not_named", message: t`Say which kit is to be used.` });
  else if (!named) found.push({ code: "kit_not_assigned", message: t`Kit ${kit} is not assigned to this participant for this dose.` });
  else {
    for (const message of named.reasons) found.push({ code: "kit", message });
    if (level && named.level !== level) found.push({ code: "kit_other_level", message: t`Kit ${kit} is for level ${named.level}; level ${level} was decided for this session.` });
    if (said.some((one) => one.kind === "dose" && one.data.kit === named.number)) found.push({ code: "kit_used", message: t`Kit ${kit} was used before.` });
  }
  if (part === "supplement") found.push(...aboutWindow(briefing, said, at));
  return found;
}

/** When the supplement may be given. @param {Briefing} briefing @param {Said[]} said */
export function supplementWindow(briefing, said) {
  const initial = doseOf(said, "initial").at(-1);
  const planned = initial && briefing.regimens[levelOf(said) ?? initial.data.level]?.supplement;
  if (!initial || !planned) return null;
  return { opens: initial.at + planned.earliest * 1000, closes: initial.at + planned.latest * 1000, units: planned.units };
}

/** @param {Briefing} briefing @param {Said[]} said @param {number} at @returns {Reason[]} */
function aboutWindow(briefing, said, at) {
  if (!doseOf(said, "initial").length) return [{ code: "no_initial", message: t`No initial dose was given in this session.` }];
  const offered = supplementWindow(briefing, said);
  if (!offered) return [{ code: "no_supplement", message: t`This level has no supplement.` }];
  if (at < offered.opens) return [{ code: "supplement_early", message: t`The time of the supplement has not come.` }];
  return at > offered.closes ? [{ code: "supplement_late", message: t`The time of the supplement is over.` }] : [];
}

/** Names of rules as people call them. @param {Briefing} briefing @param {string[]} names */
export function called(briefing, names) {
  return names.map((one) => briefing.names[one] ?? one).join(", ");
}

/** @param {string} text */
function sentence(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1).replace(/\.$/, "") + ".";
}

/** @typedef {{alerts: string[], title: string, form: string, cannot: boolean, missing: string[], held: {id: string, at: number, worse: number[]}[], ended: number | null, waiting: Set<string>}} Episode */

/**
 * Episodes of alerts, in order of time: one cause is one episode, whatever is measured meanwhile.
 * @param {Briefing} briefing @param {Said[]} said @returns {Episode[]}
 */
export function episodes(briefing, said) {
  /** @type {Episode[]} */
  const found = [];
  said.forEach((one, place) => {
    if (one.kind === "dose") found.push(...ofDose(briefing, said.slice(0, place), one));
    if (!one.values) return;
    const upto = said.slice(0, place + 1);
    for (const [name, alert] of Object.entries(/** @type {Record<string, any>} */ (briefing.alerts))) {
      if (!alert.rule) continue; // the engine's own
      const rules = [alert.rule, alert.rearm, ...alert.escalate.map((/** @type {any} */ step) => step.rule)].filter(Boolean);
      const named = rules.flatMap((rule) => Object.keys(rule.names));
      if (!named.some((dotted) => formOf(dotted) === one.form && (dotted.split(".").at(-1) ?? "") in (one.values ?? {}))) continue;
      const holds = (/** @type {any} */ rule) => says(briefing, upto, rule, one.at) === true;
      const answer = says(briefing, upto, alert.rule, one.at);
      if (Array.isArray(answer)) {
        cannot(found, briefing, name, one, answer);
        continue;
      }
      for (const episode of found) {
        if (episode.ended === null && episode.waiting.delete(name) && !episode.waiting.size) episode.ended = one.at;
      }
      const going = found.findLast((episode) => !episode.cannot && episode.alerts[0] === name && episode.ended === null);
      if (answer) {
        const worse = alert.escalate.flatMap((/** @type {any} */ step, /** @type {number} */ number) => (step.rule && holds(step.rule) ? [number] : []));
        const holding = { id: one.id, at: one.at, worse };
        const last = going?.held.at(-1);
        if (last?.at === one.at) last.worse = [...new Set([...last.worse, ...worse])].sort((first, second) => first - second); // one reading, taken from a monitor: it confirms nothing
        else if (going) going.held.push(holding);
        else found.push({ alerts: [name], title: alert.title, form: one.form ?? "", cannot: false, missing: [], held: [holding], ended: null, waiting: new Set() });
      } else if (going && (!alert.rearm || holds(alert.rearm))) going.ended = one.at;
    }
  });
  return found;
}

/** What a dose itself calls people for: a second one, or more than the level has. @param {Briefing} briefing @param {Said[]} before @param {Said} dose @returns {Episode[]} */
function ofDose(briefing, before, dose) {
  const { part, level, taken } = dose.data;
  const regimen = briefing.regimens[level];
  const planned = regimen && (part === "initial" ? regimen.initial : (regimen.supplement?.units ?? 0));
  const raised = [];
  if (taken > 0 && before.some((one) => one.kind === "dose" && one.data.part === part && one.data.taken > 0)) raised.push("dose.second");
  if (planned !== undefined && taken > planned) raised.push("dose.too_many_units");
  return raised.filter((name) => briefing.alerts[name]).map((name) => ({ alerts: [name], title: briefing.alerts[name].title, form: "", cannot: false, missing: [], held: [{ id: dose.id, at: dose.at, worse: [] }], ended: null, waiting: new Set() }));
}

/** True, false, or what is missing; true also of a number that cannot be true, as it was entered. @param {Briefing} briefing @param {Said[]} said @param {any} rule @param {number} at */
function says(briefing, said, rule, at) {
  const answer = ask(briefing, said, rule, at);
  if (!("unknown" in answer)) return answer.value === true;
  const entered = ask(briefing, said, rule, at, { beyond: true });
  return "value" in entered && entered.value === true ? true : answer.unknown;
}

/** @param {string} dotted */
function formOf(dotted) {
  return dotted.split(".").at(-2);
}

/** @param {Episode[]} found @param {Briefing} briefing @param {string} name @param {Said} one @param {string[]} missing */
function cannot(found, briefing, name, one, missing) {
  const holding = { id: one.id, at: one.at, worse: [] };
  const going = found.findLast((episode) => episode.cannot && episode.ended === null && episode.form === one.form);
  if (going) {
    if (going.held.at(-1)?.id !== one.id) going.held.push(holding);
    going.alerts = [...new Set([...going.alerts, name])];
    going.missing = [...new Set([...going.missing, ...missing])].sort();
    going.waiting.add(name);
    return;
  }
  found.push({ alerts: [name], title: t`Cannot be evaluated: ${briefing.alerts[name].title}`, form: one.form ?? "", cannot: true, missing, held: [holding], ended: null, waiting: new Set([name]) });
}

/** @typedef {{id: string, at: number, why: "raised" | "worse" | "again", answered: number | null}} Call */

/**
 * The calls of an episode: one when it begins, more when it becomes worse, or an answer is too old.
 * @param {Briefing} briefing @param {Said[]} said @param {Episode} episode @returns {Call[]}
 */
export function callsOf(briefing, said, episode) {
  const answers = said.filter((one) => one.kind === "alert_answered" && episode.alerts.includes(one.data.alert) && episode.held.some((held) => held.id === one.about));
  const lasts = Math.min(...episode.alerts.map((name) => briefing.alerts[name]?.again ?? 0)) * 1000;
  /** @type {Call[]} */
  const calls = [];
  const reached = new Set();
  let looked = -Infinity;
  const answer = (/** @type {Said} */ one) => {
    const about = episode.held.find((held) => held.id === one.about);
    looked = Math.max(one.at, about?.at ?? 0);
    for (const call of calls) {
      if (call.answered === null && (call.why !== "worse" || call.at <= (about?.at ?? 0))) call.answered = looked;
    }
  };
  for (const held of episode.held) {
    while (answers.length && answers[0].at < held.at) answer(/** @type {Said} */ (answers.shift()));
    const open = calls.at(-1)?.answered === null;
    /** @type {Call["why"] | null} */
    let why = null;
    if (!calls.length) why = "raised";
    else if (held.worse.some((place) => !reached.has(place))) why = "worse";
    else if (!open && looked > -Infinity && held.at - looked >= lasts) why = "again";
    held.worse.forEach((place) => reached.add(place));
    if (why) calls.push({ id: held.id, at: held.at, why, answered: null });
  }
  answers.forEach(answer);
  return calls;
}

/** The steps that an open call has still ahead, the soonest first. @param {Briefing} briefing @param {Episode} episode @param {Call} call @param {number} at @returns {{at: number, tell: string[]}[]} */
export function stepsAhead(briefing, episode, call, at) {
  const steps = episode.alerts.flatMap((name) => briefing.alerts[name]?.escalate ?? []);
  return steps.filter((step) => step.after != null).map((step) => ({ at: call.at + step.after * 1000, tell: step.tell })).filter((one) => one.at > at).sort((one, other) => one.at - other.at);
}

/** The roles that an episode has called by now, in the order of the file. @param {Briefing} briefing @param {Episode} episode @param {Call[]} calls @param {number} at */
export function told(briefing, episode, calls, at) {
  /** @type {Set<string>} */
  const roles = new Set();
  for (const name of episode.alerts) {
    const alert = briefing.alerts[name];
    if (!alert) continue;
    const worse = new Set(episode.held.flatMap((held) => held.worse));
    const confirmed = alert.confirm == null || episode.cannot || episode.held.length > 1 || at > episode.held[0].at + alert.confirm * 1000;
    for (const role of worse.size || confirmed ? alert.tell : alert.tell.slice(0, 1)) roles.add(role);
    alert.escalate.forEach((/** @type {any} */ step, /** @type {number} */ number) => {
      const late = step.after != null && calls.some((call) => Math.min(at, call.answered ?? at) - call.at > step.after * 1000);
      if (worse.has(number) || late) step.tell.forEach((/** @type {string} */ role) => roles.add(role));
    });
  }
  return [...roles];
}

/** @typedef {{what: string, form: string, timepoint: string | null, at: number | null, why: string}} Due */

/**
 * What has to be done, with its time: readings relative to the doses, and sooner after a high one.
 * @param {Briefing} briefing @param {Said[]} said @returns {Due[]}
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

/** Who has the participant for the night, whether they took over, and when they look in next; null where nobody has. @param {Briefing} briefing @param {Said[]} said */
export function nightOf(briefing, said) {
  const given = notesOf(said, "hand_over").findLast((one) => !one.data.state);
  const after = given ? said.filter((one) => one.at > given.at) : [];
  if (!given || notesOf(after, "hand_over").some((one) => one.data.state === "ended")) return null;
  const looks = notesOf(after, "night_check");
  const every = briefing.plan.night_checks;
  const taken = said.find((one) => one.kind === "session_note" && one.data.state === "yes" && one.about === given.id && one.by === given.data.person) ?? null;
  return { given, taken, looks, next: every == null ? null : (looks.at(-1)?.at ?? given.at) + every * 1000 };
}

/** When a time within the session is; null: now, undefined: not yet known. @param {Briefing} briefing @param {Said[]} said @param {string} timepoint */
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

/** The next vital signs while an alert about them goes on. @param {Briefing} briefing @param {Said[]} said @returns {(Due & {at: number}) | null} */
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

/** Forms that the session asks for once the dose is given, at no planned time. @param {Briefing} briefing @param {Said[]} said */
export function afterDose(briefing, said) {
  const timed = new Set(briefing.timed.map((/** @type {any} */ one) => one.do));
  const cut = briefing.activities.indexOf("dose");
  const names = cut < 0 ? [] : briefing.activities.slice(cut + 1).filter((/** @type {string} */ name) => briefing.forms[name] && !timed.has(name));
  return names.map((/** @type {string} */ form) => ({ form, title: briefing.forms[form].title, last: said.findLast((one) => one.form === form)?.at ?? null }));
}

/** The forms whose answers a reason against an act waits for. @param {Briefing} briefing @param {Reason[]} reasons @returns {string[]} */
export function formsMissing(briefing, reasons) {
  const names = reasons.flatMap((one) => one.missing ?? []).filter((name) => name.split(".").length === 2).map((name) => name.split(".")[0]);
  return [...new Set(names)].filter((name) => briefing.forms[name]?.simple);
}

/** What is asked at arrival and is not there yet. @param {Briefing} briefing @param {Said[]} said */
export function arrival(briefing, said) {
  const cut = briefing.activities.indexOf("dose");
  const before = cut < 0 ? briefing.activities : briefing.activities.slice(0, cut);
  return before.map((/** @type {string} */ name) => {
    const form = name === "vital_signs" ? "vitals" : name;
    return { name, form, title: briefing.forms[form]?.title ?? name, done: said.some((one) => one.form === form || one.kind === name) };
  });
}
