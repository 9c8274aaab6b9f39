// @ts-check
// Facts of one tap beside doses and readings: what was looked at on arrival, music, touch and breaks, hand-over for the
// night.

import { hour } from "./clock.js";
import * as course from "./course.js";
import { button, h } from "./dom.js";
import { current, record, said } from "./session.js";
import { t } from "./words.js";

const SPANS = () => /** @type {[string, string][]} */ ([["music", t`Music`], ["touch", t`Touch`], ["break", t`Break`]]);

/** What the file wants looked at on arrival: a tap says that it is so. @param {() => void} done */
export function arrivalList(done) {
  const { plan } = current().briefing;
  const all = said();
  return plan.arrival.map((/** @type {any} */ one) => {
    const last = course.notesOf(all, "arrival", one.code).at(-1);
    const isSo = last?.data.state === "yes";
    return h("li", {}, button(`${isSo ? "✓" : "○"} ${one.title}`, async () => (await record("session_note", { what: "arrival", name: one.code, state: isSo ? "no" : "yes" })) && done(), { class: isSo ? "done" : "" }));
  });
}

/** Begin and end of music, touch and breaks. @param {() => void} done */
export function spans(done) {
  const { zone } = current().briefing;
  const all = said();
  return SPANS().map(([what, title]) => {
    const last = course.notesOf(all, what).at(-1);
    const goesOn = last?.data.state === "begun";
    return button(title, async () => (await record("session_note", { what, state: goesOn ? "ended" : "begun" })) && done(), { "aria-pressed": String(goesOn), small: goesOn && last ? t`since ${hour(last.at, zone)}: ends` : t`begins` });
  });
}

/** After the session: who looks after the participant for the night, and how each look went. @param {() => void} done @param {() => void} ring shows whom to call */
export function night(done, ring) {
  const { briefing, acting } = current();
  const found = course.nightOf(briefing, said());
  const words = h("input", { name: "words", maxlength: 1000, "aria-label": t`Words`, placeholder: t`What has to be known, or what was seen` });
  const text = () => (words.value.trim() ? { words: words.value.trim() } : {});
  const note = (/** @type {any} */ data, /** @type {string | null} */ about = null) => async () => (await record("session_note", { ...data, ...text() }, { about })) && done();
  const time = (/** @type {number} */ at) => hour(at, briefing.zone);
  const others = briefing.staff.filter((/** @type {any} */ one) => one.counts && one.follows && one.person !== found?.given.data.person);
  return h("section", { class: "panel" }, h("h2", {}, t`The night`), button(t`Call somebody`, ring, { class: "bad", small: t`numbers, what to do, last readings` }),
    found ? [
      h("p", {}, t`${found.given.data.person} has it since ${time(found.given.at)}, handed over by ${found.given.by}.`),
      found.taken ? h("p", { class: "done" }, t`Taken over by their own entry at ${time(found.taken.at)}.`)
        : found.given.data.person === acting.identity ? button(t`I, ${acting.initials}, have taken over`, note({ what: "hand_over", person: acting.identity, state: "yes" }, found.given.id), { class: "main", small: t`signs the hand-over` })
          : h("p", { class: "note" }, t`${found.given.data.person} has not said so yet: on a device of their own, or by their PIN on this one.`),
      h("p", {}, found.looks.length ? t`Looked in at ${found.looks.map((one) => time(one.at)).join(", ")}.` : t`Not looked in yet.`, found.next ? ` ${t`Next at ${time(found.next)}.`}` : ""),
    ] : h("p", {}, t`Nobody has taken over for the night.`),
    words,
    h("div", { class: "grid" }, found ? [
      button(t`Looked in: all is well`, note({ what: "night_check", state: "yes" })),
      button(t`Looked in: not well`, note({ what: "night_check", state: "no" }), { class: "bad", small: t`then call` }),
      button(t`The night is over`, note({ what: "hand_over", state: "ended", person: found.given.data.person }), { class: "plain" }),
    ] : null,
    others.map((/** @type {any} */ one) => button(t`Hand over to ${one.person}`, note({ what: "hand_over", person: one.person }), { class: "plain" }))),
    others.length ? null : h("p", { class: "note" }, t`Nobody else of the site's staff may take over today.`),
    button(t`Back`, done, { class: "plain" }));
}

/** Something seen or heard: kept with its time by one tap, in words now or later. @param {() => void} done @param {(make: () => any) => void} show */
export async function observe(done, show) {
  if (!(await record("session_note", { what: "observation" }))) return;
  const first = course.notesOf(said(), "observation").filter((one) => !one.about).at(-1);
  if (first) show(() => inWords(first, done));
}

/** @param {course.Said} first @param {() => void} done */
function inWords(first, done) {
  const { zone } = current().briefing;
  const words = h("input", { name: "words", maxlength: 1000, "aria-label": t`Words`, placeholder: t`What was seen or heard, pleasant or not` });
  return h("section", { class: "panel" }, h("h1", {}, t`Noted at ${hour(first.at, zone)}`), words,
    button(t`Save the words`, async () => words.value.trim() && (await record("session_note", { what: "observation", words: words.value.trim() }, { about: first.id })) && done(), { class: "main" }), button(t`Later`, done, { class: "plain" }));
}

/** Notes that have no words yet, each a tap away from them. @param {() => void} done @param {(make: () => any) => void} show */
export function wordless(done, show) {
  const { zone } = current().briefing;
  const all = course.notesOf(said(), "observation");
  const open = all.filter((one) => !one.about && !all.some((other) => other.about === one.id));
  return open.map((one) => button(t`Noted at ${hour(one.at, zone)}`, () => show(() => inWords(one, done)), { class: "plain", small: t`no words yet` }));
}
