// @ts-check
// Which items of a form are asked, and what its answers score: as protocol/form.py and protocol/scoring.py have it,
// to which tests/conduct/session/test_scoring.py holds this. null is unknown.

import { evaluate } from "./rule.js";

/** @typedef {Record<string, any>} Values */

/** Whether an item is asked; null while that is not known. @param {any} item @param {Values} values @returns {boolean | null} */
export function isAsked(item, values) {
  /** @type {boolean | null} */
  let answer = true;
  for (const rule of item.when ?? []) {
    const said = evaluate(rule, values);
    if (!("value" in said)) answer = null;
    else if (said.value !== true) return false;
  }
  return answer;
}

/** Every score that this device can reckon, by name. @param {any} form @param {Values} values of its items @returns {Values} */
export function scoresOf(form, values) {
  if (!form?.scores?.length) return {};
  const known = { ...values };
  for (const [name, item] of Object.entries(/** @type {Record<string, any>} */ (form.items))) {
    known[name] ??= item.otherwise !== null && item.when.length && isAsked(item, known) === false ? item.otherwise : null;
  }
  /** @type {Values} */
  const found = {};
  for (const score of form.scores) known[score.name] = found[score.name] = scored(score, known);
  return found;
}

/** @param {any} score @param {Values} known @returns {any} */
function scored(score, known) {
  if (score.does === "rule") {
    const said = evaluate(score.rule, known);
    return "value" in said ? said.value : null;
  }
  const answers = score.of.map((/** @type {string} */ name) => known[name] ?? null);
  const said = answers.filter((/** @type {any} */ one) => one !== null);
  const missing = answers.length - said.length;
  const sum = () => said.reduce((/** @type {number} */ all, /** @type {number} */ one) => all + one, 0);
  const reached = said.filter((/** @type {any} */ one) => Number(one) >= (score.reaching ?? 1)).length;
  switch (score.does) {
    case "sum": return missing ? null : sum();
    case "max": return missing ? null : Math.max(...said);
    case "mean": return !said.length || missing > score.may_miss ? null : sum() / said.length;
    case "count": return missing ? null : reached;
    case "all": return said.includes(false) ? false : missing ? null : true;
    case "any": return reached ? true : missing ? null : false;
    case "at_least": return reached >= score.at_least ? true : reached + missing >= score.at_least ? null : false;
    case "highest": {
      const last = answers.findLastIndex((/** @type {any} */ one) => one !== false);
      return last < 0 ? 0 : answers[last] === null ? null : last + 1;
    }
    default: return null;
  }
}
