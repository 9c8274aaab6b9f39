// @ts-check
// What is needed at once, from the locked screen too and without a network: whom to ring, what to do and to give,
// what was measured and given. It holds no name and no number of the participant.

import { hour } from "./clock.js";
import { backTo, button, h, titled } from "./dom.js";
import { coded, t } from "./words.js";

/** @typedef {{banner: string, zone: string, phones: {name: string, number: string}[], readings: any[], doses: any[], limits: any[], notes: any[], plan: {rescue: any[], emergencies: any[]}}} Card */

/**
 * @param {Card} kept @param {() => void} back
 * @param {((what: string, name: string) => any) | null} act records what was given or done; null on the locked screen
 * @param {(() => void) | null} write where numbers are written; null on the locked screen
 */
export function card(kept, back, act = null, write = null) {
  const signs = [...new Set(kept.readings.flatMap((one) => Object.keys(one.values ?? {})))];
  const done = (/** @type {string} */ what, /** @type {string} */ name) => kept.notes.filter((one) => one.what === what && one.name === name).map((one) => hour(one.at, kept.zone));
  const fact = (/** @type {string} */ what, /** @type {any} */ one, /** @type {string} */ label) => act && button(label, () => act(what, one.code), { class: "bad", small: done(what, one.code).length ? t`before, at ${done(what, one.code).join(", ")}` : t`now; a fact, which no gate holds up` });
  const before = (/** @type {string} */ what, /** @type {any} */ one) => (act || !done(what, one.code).length ? null : h("p", { class: "done" }, t`at ${done(what, one.code).join(", ")}`));
  const panel = (/** @type {string} */ title, /** @type {any[]} */ ...parts) => h("section", { class: "panel" }, h("h2", {}, title), parts);
  const emergencies = kept.plan.emergencies.map((one) => panel(one.title, h("p", {}, one.signs), h("ol", {}, one.steps.map((/** @type {string} */ step) => h("li", {}, step))), before("emergency_treated", one), fact("emergency_treated", one, t`It was treated`)));
  const rescue = kept.plan.rescue.map((one) => panel(one.title, h("p", {}, one.give), h("small", {}, t`When ${one.when}`), before("rescue_medication", one), fact("rescue_medication", one, t`It was given`)));
  return [
    act ? null : h("p", { class: "banner" }, kept.banner),
    titled(t`Emergency`, h("p", {}, t`Nobody will be called by this device: phone.`), kept.phones.map(telephone),
      kept.phones.length ? null : h("p", { class: "note" }, t`No number to ring is written: nobody can be rung from here.`), kept.phones.length || !write ? null : button(t`Write numbers`, write)),
    h("div", { class: "grid" }, [...emergencies, ...rescue].map((one) => button(one.firstElementChild?.textContent ?? "", () => one.scrollIntoView({ block: "start" }), { class: "plain" }))),
    emergencies, rescue,
    panel(t`Last readings`, kept.readings.length ? readingsTable(kept.readings, signs, kept.zone) : h("p", {}, t`None yet.`)),
    panel(t`Given`, kept.doses.length ? h("ul", {}, kept.doses.map((one) => h("li", {}, `${hour(one.at, kept.zone)} · ${coded(one.part)}, ${one.taken === 1 ? t`1 unit taken` : t`${one.taken} units taken`}`))) : h("p", {}, t`No dose yet.`)),
    panel(t`The study calls at once for`, h("ul", {}, kept.limits.map((one) => h("li", {}, `${one.title}: ${one.tell.map(coded).join(", ")}`)))),
    backTo(back),
  ];
}

/** A number that is rung by a tap. @param {{name: string, number: string}} one */
export function telephone(one) {
  return h("a", { class: "tel", href: `tel:${one.number.replace(/[^+\d]/g, "")}` }, h("small", {}, coded(one.name)), one.number);
}

/** @param {any[]} readings @param {string[]} signs @param {string} zone @param {(sign: string) => any} markOf how a sign is drawn beside the table */
export function readingsTable(readings, signs, zone, markOf = () => null) {
  return h("table", {}, h("tr", {}, h("th", {}, t`Time`), signs.map((one) => h("th", {}, markOf(one), coded(one)))), [...readings].reverse().map((one) => h("tr", {}, h("td", {}, hour(one.at, zone)), signs.map((sign) => h("td", {}, String(one.values?.[sign] ?? "–"))))));
}
