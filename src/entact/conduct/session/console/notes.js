// @ts-check
// Facts of one tap beside doses and readings: what was looked at on arrival, music, touch and breaks, hand-over for the
// night.

import { hour } from "./clock.js";
import * as course from "./course.js";
import { button, h } from "./dom.js";
import { current, record, said } from "./session.js";

const SPANS = [["music", "Music"], ["touch", "Touch"], ["break", "Break"]];

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
  return SPANS.map(([what, title]) => {
    const last = course.notesOf(all, what).at(-1);
    const goesOn = last?.data.state === "begun";
    return button(title, async () => (await record("session_note", { what, state: goesOn ? "ended" : "begun" })) && done(), { "aria-pressed": String(goesOn), small: goesOn && last ? `since ${hour(last.at, zone)}: ends` : "begins" });
  });
}

/** After the session: who looks after the participant for the night, and how each look went. @param {() => void} done */
export function night(done) {
  const { briefing } = current();
  const all = said();
  const given = course.notesOf(all, "hand_over").at(-1);
  const words = h("input", { name: "words", maxlength: 1000, placeholder: "What has to be known, or what was seen" });
  const text = () => (words.value.trim() ? { words: words.value.trim() } : {});
  const looks = course.notesOf(all, "night_check");
  return h("section", { class: "panel" }, h("h2", {}, "The night"),
    given ? h("p", {}, `${given.data.person} has it since ${hour(given.at, briefing.zone)}, handed over by ${given.by}. ${looks.length ? `Looked in at ${looks.map((one) => hour(one.at, briefing.zone)).join(", ")}.` : "Not looked in yet."}`) : h("p", {}, "Nobody has taken over for the night."),
    words,
    h("div", { class: "grid" }, given ? [button("Looked in: all is well", async () => (await record("session_note", { what: "night_check", state: "yes", ...text() })) && done()), button("Looked in: not well", async () => (await record("session_note", { what: "night_check", state: "no", ...text() })) && done(), { class: "bad", small: "then ring" })] : null,
      briefing.staff.filter((/** @type {any} */ one) => one.person !== given?.data.person).map((/** @type {any} */ one) => button(`Hand over to ${one.person}`, async () => (await record("session_note", { what: "hand_over", person: one.person, ...text() })) && done(), { class: "plain" }))),
    button("Back", done, { class: "plain" }));
}
