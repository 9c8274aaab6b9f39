// @ts-check
// Episodes of alerts, and whom each calls now and next.

import { isOwn } from "./kit.js";
import { ask } from "./said.js";
import { t } from "./words.js";

/** @typedef {{alerts: string[], title: string, form: string, cannot: boolean, missing: string[], held: {id: string, at: number, worse: number[]}[], ended: number | null, waiting: Set<string>}} Episode */

/**
 * Episodes of alerts, in order of time: one cause is one episode, whatever is measured meanwhile.
 * @param {any} briefing @param {import("./said.js").Said[]} said @returns {Episode[]}
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

/** What a dose itself calls people for: a kit of somebody else's, a second one, or more than the level has. @param {any} briefing @param {import("./said.js").Said[]} before @param {import("./said.js").Said} dose @returns {Episode[]} */
function ofDose(briefing, before, dose) {
  const { part, level, taken } = dose.data;
  const regimen = briefing.regimens[level];
  const planned = regimen && (part === "initial" ? regimen.initial : (regimen.supplement?.units ?? 0));
  const raised = [];
  if (taken > 0 && !isOwn(briefing, dose.data.kit ?? "")) raised.push("dose.other_kit");
  if (taken > 0 && before.some((one) => one.kind === "dose" && one.data.part === part && one.data.taken > 0)) raised.push("dose.second");
  if (planned !== undefined && taken > planned) raised.push("dose.too_many_units");
  return raised.filter((name) => briefing.alerts[name]).map((name) => ({ alerts: [name], title: briefing.alerts[name].title, form: "", cannot: false, missing: [], held: [{ id: dose.id, at: dose.at, worse: [] }], ended: null, waiting: new Set() }));
}

/** True, false, or what is missing; true also of a number that cannot be true, as it was entered. @param {any} briefing @param {import("./said.js").Said[]} said @param {any} rule @param {number} at */
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

/** @param {Episode[]} found @param {any} briefing @param {string} name @param {import("./said.js").Said} one @param {string[]} missing */
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
 * @param {any} briefing @param {import("./said.js").Said[]} said @param {Episode} episode @returns {Call[]}
 */
export function callsOf(briefing, said, episode) {
  const answers = said.filter((one) => one.kind === "alert_answered" && episode.alerts.includes(one.data.alert) && episode.held.some((held) => held.id === one.about));
  const lasts = Math.min(...episode.alerts.map((name) => briefing.alerts[name]?.again ?? 0)) * 1000;
  /** @type {Call[]} */
  const calls = [];
  const reached = new Set();
  let looked = -Infinity;
  const answer = (/** @type {import("./said.js").Said} */ one) => {
    const about = episode.held.find((held) => held.id === one.about);
    looked = Math.max(one.at, about?.at ?? 0);
    for (const call of calls) {
      if (call.answered === null && (call.why !== "worse" || call.at <= (about?.at ?? 0))) call.answered = looked;
    }
  };
  for (const held of episode.held) {
    while (answers.length && answers[0].at < held.at) answer(/** @type {import("./said.js").Said} */ (answers.shift()));
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

/** The steps that an open call has still ahead, the soonest first. @param {any} briefing @param {Episode} episode @param {Call} call @param {number} at @returns {{at: number, tell: string[]}[]} */
export function stepsAhead(briefing, episode, call, at) {
  const steps = episode.alerts.flatMap((name) => briefing.alerts[name]?.escalate ?? []);
  return steps.filter((step) => step.after != null).map((step) => ({ at: call.at + step.after * 1000, tell: step.tell })).filter((one) => one.at > at).sort((one, other) => one.at - other.at);
}

/** The roles that an episode has called by now, in the order of the file. @param {any} briefing @param {Episode} episode @param {Call[]} calls @param {number} at */
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
