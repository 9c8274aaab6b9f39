// @ts-check
// The head of each screen of the session: whose it is, what is not sent, what the device doubts, and who enters.

import * as alarm from "./alarm.js";
import * as clock from "./clock.js";
import * as course from "./course.js";
import { button, h } from "./dom.js";
import { redraw } from "./screen.js";
import * as session from "./session.js";
import * as store from "./store.js";
import { t } from "./words.js";

const { hour, now, span } = clock;
const SOON = 1728e5; // milliseconds: for the last two days of a grant it is said that it ends

/** Somebody by initials, or by more where two have the same: who enters is never a guess. @param {any} one @param {any[]} people @returns {string} */
export function told(one, people) {
  return people.some((other) => other.identity !== one.identity && other.initials === one.initials) ? (one.name ?? one.identity) : one.initials;
}

/** @param {{ fromPaper: () => void, back: () => void, relock: () => void }} ways what its buttons lead to */
export function top({ fromPaper, back, relock }) {
  const it = session.current();
  const initial = course.doseOf(session.said(), "initial")[0];
  const { waiting, aside, questioned } = session.sending;
  const until = Date.parse(it.acting.until);
  const server = { here: "", offline: t`No network: all is kept here.`, "signed out": t`Signed out at the server: all is kept and sent; sign in to see the others.` }[it.server];
  const state = [server, waiting ? t`${waiting} not sent yet.` : it.server === "here" ? t`All sent.` : "", aside ? t`The server could not open ${aside}.` : "", questioned ? t`The server would have decided ${questioned} otherwise: it is found in the record.` : ""].filter(Boolean).join(" ");
  return h("header", { class: "top" },
    h("p", { class: "banner" }, it.briefing.banner),
    line("lost", it.problem),
    line("lost", waiting && store.mayBeThrownAway() && t`ONLY ON THIS DEVICE, which may throw away what it keeps: ${waiting} not sent yet. Write on paper too what is entered now, with the time.`),
    line("note", it.tight && t`The storage of this device was full: make room now, and write readings on paper too.`),
    line("note", until < now() + SOON && t`Connect this device before ${clock.day(until, it.briefing.zone)}, ${hour(until, it.briefing.zone)}: what is entered later is kept, and questioned.`),
    line("note", it.sounds && alarm.isMute() && t`This device makes no sound yet: touch the screen once.`),
    clockLine(),
    devices(),
    it.paper === null ? null : h("div", { class: "note", role: "status" }, t`From paper: what is entered now happened on ${clock.day(it.paper, it.briefing.zone)} at ${hour(it.paper, it.briefing.zone)}.`, h("div", { class: "row" }, button(t`Another time`, fromPaper), button(t`Back to now`, () => ((it.paper = null), back())))),
    h("div", {}, h("h2", {}, `${it.briefing.participant.number} · ${it.briefing.title}`), h("p", { class: "since" }, initial ? span(now() - initial.at) : hour(now(), it.briefing.zone)), h("p", { class: "state" }, state)),
    h("div", { class: "persons" }, it.people.map((one) => button(told(one, it.people), () => (session.actAs(one), redraw()), { "aria-pressed": String(one.identity === it.acting.identity), "aria-label": t`${one.name} enters` })), button(t`Lock`, relock)));
}

/** What somebody has to read at once, if there is such a thing. @param {string} kind @param {any} text */
function line(kind, text) {
  return text ? h("p", { class: kind, role: "alert" }, text) : null;
}

/** What is known of the other devices: those of one person that are only silent in one sentence. */
function devices() {
  const { devices: all = [], environment, zone } = session.current().briefing;
  /** @type {Map<string, any[]>} */
  const silent = new Map();
  const lines = [];
  for (const one of all) {
    if (one.waiting) lines.push(elsewhere(one));
    else silent.set(one.person, [...(silent.get(one.person) ?? []), one]);
  }
  for (const [person, some] of silent) {
    const times = some.map((one) => hour(clock.noted(one.silent, environment), zone)).sort().join(", ");
    lines.push(some.length === 1 ? elsewhere(some[0]) : t`${some.length} devices of ${session.named(person)} were last heard of at ${times}: what was entered on them since is not here.`);
  }
  return lines.length ? h("div", { class: "note", role: "status" }, lines.map((one) => h("p", {}, one))) : null;
}

/** What another device has not sent, and since when. @param {{person: string, waiting: number, oldest: string | null, silent: string | null}} one */
function elsewhere(one) {
  const { environment, zone } = session.current().briefing;
  const some = one.waiting ? [t`Not sent yet from it: ${one.waiting}.`, one.oldest && t`The oldest is of ${hour(Date.parse(one.oldest), zone)}.`] : [];
  const silent = one.silent && t`The device of ${session.named(one.person)} was last heard of at ${hour(clock.noted(one.silent, environment), zone)}: what was entered on it since is not here.`;
  return [silent || t`The device of ${session.named(one.person)} is at work.`, ...some].filter(Boolean).join(" ");
}

/** What the device's clock says wrong, and that times are kept right all the same. */
function clockLine() {
  const [lead, doubt] = [clock.leadNow(), clock.doubted()];
  const settle = (/** @type {boolean} */ wasPut) => () => (clock.settle(wasPut), redraw());
  if (doubt) {
    return h("div", { class: "note", role: "alert" }, doubt > 0 ? t`This device slept, or its clock was put forward by ${span(doubt)}.` : t`This device slept, or its clock was put back by ${span(doubt)}.`, " ", t`Times here say it is ${hour(now(), session.current().briefing.zone)}: hold that against a watch.`,
      h("div", { class: "row" }, button(t`That is right`, settle(false)), button(t`It is ${hour(now() - doubt, session.current().briefing.zone)}`, settle(true))));
  }
  if (Math.abs(lead) < 60_000) return null;
  return h("p", { class: "note clock" }, lead > 0 ? t`The clock of this device is ${span(lead)} ahead of the study's.` : t`The clock of this device is ${span(lead)} behind the study's.`, " ", t`Times here and in what is sent are the study's.`);
}
