// @ts-check
// Facts of one tap beside doses and readings: what was looked at on arrival, music, touch and breaks, hand-over for the
// night.

import { hour } from "./clock.js";
import * as course from "./course.js";
import { backTo, button, h, titled, warn, warning } from "./dom.js";
import { redraw } from "./screen.js";
import { current, named as called, record, said } from "./session.js";
import { t } from "./words.js";

const SPANS = () => /** @type {[string, string][]} */ ([["music", t`Music`], ["touch", t`Touch`], ["break", t`Break`]]);

/** What the file wants looked at on arrival: a tap says that it is so. */
export function arrivalList() {
  const { plan } = current().briefing;
  const all = said();
  return plan.arrival.map((/** @type {any} */ one) => {
    const last = course.notesOf(all, "arrival", one.code).at(-1);
    const isSo = last?.data.state === "yes";
    return h("li", {}, button(`${isSo ? "✓" : "○"} ${one.title}`, async () => (await record("session_note", { what: "arrival", name: one.code, state: isSo ? "no" : "yes" })) && redraw(true), { class: isSo ? "done" : "" }));
  });
}

/** Begin and end of music, touch and breaks. */
export function spans() {
  const { zone } = current().briefing;
  const all = said();
  return SPANS().map(([what, title]) => {
    const last = course.notesOf(all, what).at(-1);
    const goesOn = last?.data.state === "begun";
    return button(title, async () => (await record("session_note", { what, state: goesOn ? "ended" : "begun" })) && redraw(true), { "aria-pressed": String(goesOn), small: goesOn && last ? t`since ${hour(last.at, zone)}: ends` : t`begins` });
  });
}

/** Begin and end of a recording, under the name by which it is found again. @param {(make: (done: () => void) => any) => void} show */
export function recordings(show, mayBegin = true) {
  const { briefing } = current();
  const all = course.recordingsOf(said());
  const goesOn = all.find((one) => one.ended === null);
  const ended = all.filter((one) => one.ended !== null);
  const title = (/** @type {course.Recording} */ one) => one.reference || t`without a name`;
  return [
    goesOn
      ? button(t`Recording`, async () => (await record("session_note", { what: "recording", state: "ended" }, { about: goesOn.id })) && redraw(true), { "aria-pressed": "true", small: t`${title(goesOn)}, since ${hour(goesOn.begun, briefing.zone)}: ends` })
      : mayBegin && button(t`Recording`, () => show((done) => begins(all.length + 1, done)), { "aria-pressed": "false", small: t`begins` }),
    ended.map((one) => button(t`Recording ${title(one)}`, () => show((done) => named(one, done)), { class: one.digest ? "plain done" : "plain", small: one.digest ? t`hash ${one.digest.slice(0, 12)}…` : t`ended at ${hour(one.ended ?? one.begun, briefing.zone)}; its hash is not entered yet` })),
  ];
}

/** Whether the participant has agreed to it, which no fact waits for. */
function agreement() {
  const { records } = current().briefing;
  return records === false ? h("p", { class: "note", role: "alert" }, t`The participant has not agreed to recordings. Nothing is recorded unless they do; what was recorded all the same is noted here.`) : null;
}

/** What keeps a name of a recording from being kept in the open, where an adherence rater reads it; empty where nothing does. @param {string} text */
function wrongName(text) {
  return !text || /^[A-Za-z0-9][A-Za-z0-9_.:+/#-]{0,63}$/.test(text) ? "" : t`Write the name without spaces, in letters, digits and _ . : + / # -, and nobody’s name: as in camera-2/card-14.`;
}

/** @param {number} number @param {() => void} done */
function begins(number, done) {
  const { briefing } = current();
  const field = h("input", { name: "reference", maxlength: 200, autocomplete: "off", value: `${briefing.participant.number}_${briefing.encounter.replace("#", ".")}_${number}` });
  const problem = warning();
  const begin = async () => {
    const reference = field.value.trim();
    if (wrongName(reference)) return warn(problem, wrongName(reference));
    return (await record("session_note", { what: "recording", state: "begun", ...(reference ? { reference } : {}) })) && done();
  };
  return titled(t`A recording begins`, agreement(),
    h("label", {}, h("small", {}, t`Its name, by which the site finds it: of the file, or of the device and tape`), field), problem,
    button(t`It has begun`, begin, { class: "main" }), backTo(done));
}

/** What is known of a recording once its file is there: its name, and the hash by which it is known to be the same. @param {course.Recording} one @param {() => void} done */
function named(one, done) {
  const { zone } = current().briefing;
  const reference = h("input", { name: "reference", maxlength: 200, autocomplete: "off", value: one.reference });
  const digest = h("input", { name: "digest", maxlength: 100, autocomplete: "off", autocapitalize: "none", spellcheck: "false", value: one.digest, placeholder: t`64 digits and letters from a to f` });
  const problem = warning();
  const save = async () => {
    const name = reference.value.trim();
    if (wrongName(name)) return warn(problem, wrongName(name));
    const hash = digest.value.replace(/\s/g, "").toLowerCase();
    if (hash && !/^[0-9a-f]{64}$/.test(hash)) return warn(problem, t`This is no SHA-256: it has 64 digits and letters from a to f, and this has ${hash.length} signs.`);
    const data = { what: "recording", ...(name ? { reference: name } : {}), ...(hash ? { digest: hash } : {}) };
    return (await record("session_note", data, { about: one.id })) && done();
  };
  return titled(t`Recording, ${hour(one.begun, zone)} to ${hour(one.ended ?? one.begun, zone)}`,
    h("label", {}, h("small", {}, t`Its name, by which the site finds it`), reference),
    h("label", {}, h("small", {}, t`Its hash (SHA-256), which whoever keeps the file reads off it`), digest), problem,
    button(t`Save`, save, { class: "main" }), backTo(done));
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
      h("p", {}, t`${called(found.given.data.person)} has it since ${time(found.given.at)}, handed over by ${called(found.given.by)}.`),
      found.taken ? h("p", { class: "done" }, t`Taken over by their own entry at ${time(found.taken.at)}.`)
        : found.given.data.person === acting.identity ? button(t`I, ${acting.initials}, have taken over`, note({ what: "hand_over", person: acting.identity, state: "yes" }, found.given.id), { class: "main", small: t`signs the hand-over` })
          : h("p", { class: "note" }, t`${called(found.given.data.person)} has not said so yet: on a device of their own, or by their PIN on this one.`),
      h("p", {}, found.looks.length ? t`Looked in at ${found.looks.map((one) => time(one.at)).join(", ")}.` : t`Not looked in yet.`, found.next ? ` ${t`Next at ${time(found.next)}.`}` : ""),
    ] : h("p", {}, t`Nobody has taken over for the night.`),
    words,
    h("div", { class: "grid" }, found ? [
      button(t`Looked in: all is well`, note({ what: "night_check", state: "yes" })),
      button(t`Looked in: not well`, note({ what: "night_check", state: "no" }), { class: "bad", small: t`then call` }),
      button(t`The night is over`, note({ what: "hand_over", state: "ended", person: found.given.data.person }), { class: "plain" }),
    ] : null,
    others.map((/** @type {any} */ one) => button(t`Hand over to ${called(one.person)}`, note({ what: "hand_over", person: one.person }), { class: "plain" }))),
    others.length ? null : h("p", { class: "note" }, t`Nobody else of the site's staff may take over today.`),
    backTo(done));
}

/** Something seen or heard: kept with its time by one tap, in words now or later. @param {(make: (done: () => void) => any) => void} show */
export async function observe(show) {
  if (!(await record("session_note", { what: "observation" }))) return;
  const first = course.notesOf(said(), "observation").filter((one) => !one.about).at(-1);
  if (first) show((done) => inWords(first, done));
}

/** @param {course.Said} first @param {() => void} done */
function inWords(first, done) {
  const { zone } = current().briefing;
  const words = h("input", { name: "words", maxlength: 1000, "aria-label": t`Words`, placeholder: t`What was seen or heard, pleasant or not` });
  return titled(t`Noted at ${hour(first.at, zone)}`, words,
    button(t`Save the words`, async () => words.value.trim() && (await record("session_note", { what: "observation", words: words.value.trim() }, { about: first.id })) && done(), { class: "main" }), button(t`Later`, done, { class: "plain" }));
}

/** Notes that have no words yet, each a tap away from them. @param {(make: (done: () => void) => any) => void} show */
export function wordless(show) {
  const { zone } = current().briefing;
  const all = course.notesOf(said(), "observation");
  const open = all.filter((one) => !one.about && !all.some((other) => other.about === one.id));
  return open.map((one) => button(t`Noted at ${hour(one.at, zone)}`, () => show((done) => inWords(one, done)), { class: "plain", small: t`no words yet` }));
}
