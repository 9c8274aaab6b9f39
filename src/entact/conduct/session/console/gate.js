// @ts-check
// Every reason against an act, as the gates of the study file and the hard core have it. The server asks again when
// the entry arrives.

import { kitNumber, normal } from "./kit.js";
import { isSetAside } from "./override.js";
import { ask, called, doseOf, given, isUnderWay, levelOf, reliedOn } from "./said.js";
import { t } from "./words.js";

/** @typedef {{code: string, message: string, missing?: string[], override?: string | null, versions?: Record<string, string> | null}} Reason */

/**
 * Every reason against an act now; none where the gate says yes. Null where this role does not see the gate.
 * @param {any} briefing @param {import("./said.js").Said[]} said @param {string} act @param {number} at @param {string | null} kit @param {string} by who would do it
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

/** The hard core's checks of a dose that are asked in the room. @param {any} briefing @param {import("./said.js").Said[]} said @param {string} act @param {number} at @param {string | null} kit @returns {Reason[]} */
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
  const named = kits.find((/** @type {any} */ one) => kit !== null && normal(one.number) === kitNumber(briefing, kit));
  if (!kit) found.push({ code: "kit_not_named", message: t`Say which kit is to be used.` });
  else if (!named) found.push({ code: "kit_not_assigned", message: t`Kit ${kit} is not assigned to this participant for this dose.` });
  else {
    for (const message of named.reasons) found.push({ code: "kit", message });
    if (level && named.level !== level) found.push({ code: "kit_other_level", message: t`Kit ${kit} is for level ${named.level}; level ${level} was decided for this session.` });
    if (said.some((one) => one.kind === "dose" && kitNumber(briefing, one.data.kit ?? "") === normal(named.number))) found.push({ code: "kit_used", message: t`Kit ${kit} was used before.` });
  }
  if (part === "supplement") found.push(...aboutWindow(briefing, said, at));
  return found;
}

/** When the supplement may be given. @param {any} briefing @param {import("./said.js").Said[]} said */
export function supplementWindow(briefing, said) {
  const initial = doseOf(said, "initial").at(-1);
  const planned = initial && briefing.regimens[levelOf(said) ?? initial.data.level]?.supplement;
  if (!initial || !planned) return null;
  return { opens: initial.at + planned.earliest * 1000, closes: initial.at + planned.latest * 1000, units: planned.units };
}

/** @param {any} briefing @param {import("./said.js").Said[]} said @param {number} at @returns {Reason[]} */
function aboutWindow(briefing, said, at) {
  if (!doseOf(said, "initial").length) return [{ code: "no_initial", message: t`No initial dose was given in this session.` }];
  const offered = supplementWindow(briefing, said);
  if (!offered) return [{ code: "no_supplement", message: t`This level has no supplement.` }];
  if (at < offered.opens) return [{ code: "supplement_early", message: t`The time of the supplement has not come.` }];
  return at > offered.closes ? [{ code: "supplement_late", message: t`The time of the supplement is over.` }] : [];
}

/** @param {string} text */
function sentence(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1).replace(/\.$/, "") + ".";
}
