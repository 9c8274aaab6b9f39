// @ts-check
// The console: the session once it is open. It asks for attention when something is due, and else is quiet.

import * as acts from "./acts.js";
import * as alarm from "./alarm.js";
import { isChoosing, isJoining, locked, namedOf, newcomer, start, waitingLine } from "./arrival.js";
import { card, readingsTable } from "./card.js";
import { chart, markOf } from "./chart.js";
import * as clock from "./clock.js";
import * as course from "./course.js";
import { backTo, button, h, titled, warn, warning } from "./dom.js";
import * as head from "./head.js";
import * as notes from "./notes.js";
import { pad, unit } from "./pad.js";
import { dim, fromHere, prepare, redraw, show } from "./screen.js";
import { send } from "./send.js";
import * as session from "./session.js";
import * as signIn from "./signin.js";
import * as store from "./store.js";
import { coded, t, timed } from "./words.js";

const { hour, now, span } = clock;
const TAKEN_WITHIN = 15 * 60_000; // for so long a person may take a monitor's reading for a planned time

/** @param {boolean} leads whether a reading that is due is opened at once */
function home(leads = false) {
  const it = session.current();
  const next = course.due(it.briefing, session.said()).find((one) => one.at === null || one.at <= now() + 5 * 60_000);
  if (leads && next && it.briefing.forms[next.form]?.simple) return fill(next.form, next.timepoint);
  show(draw);
}

const top = () => head.top({ fromPaper, back: home, relock });

/** @param {string} form @param {string | null} timepoint */
function fill(form, timepoint = null) {
  const { forms } = session.current().briefing;
  const given = form === "vitals" && session.current().paper === null ? course.readingsToTake(session.said(), now() - TAKEN_WITHIN) : [];
  const save = (/** @type {any} */ items, /** @type {string} */ from, /** @type {course.Said | null} */ taken) => (form === "vitals" ? session.record("vital_signs", items, { timepoint, from, about: taken?.id, at: taken?.at }) : session.record("form", { form, items }, { timepoint }));
  const readings = given.map((one) => ({ ...one, label: `${one.by}, ${hour(one.at, session.current().briefing.zone)}` }));
  show(() => [top(), pad(forms[form], forms[form].title + (timepoint ? `: ${timed(timepoint)}` : ""), save, fromHere(home), readings)], true);
}

/** The planned time that a reading taken now is for; null where none is due. @param {string} form */
function dueNow(form) {
  const planned = course.due(session.current().briefing, session.said()).filter((one) => one.form === form && one.timepoint);
  return planned.find((one) => one.at === null || one.at - now() < 10 * 60_000)?.timepoint ?? null;
}

async function relock() {
  const { id } = session.current(); // another session may lie on this device: not that of yesterday is locked
  session.lock();
  glow();
  const vaults = await store.vaults();
  const mine = vaults.find((one) => one.session === id) ?? vaults[vaults.length - 1];
  show(() => locked(mine));
}

function draw() {
  const it = session.current();
  const said = session.said();
  if (isJoining()) return [newcomer()];
  const underWay = course.isUnderWay(said);
  const open = openEpisodes();
  return [
    top(),
    it.newcomer ? newcomer() : null, // beside the session, not in its place: an alert goes on meanwhile
    open.map(({ episode, calls }) => acts.alert(episode, calls)),
    numberless(),
    acts.orders(over),
    underWay ? dueCards(said) : nightCard(said),
    underWay ? h("div", { class: "grid" }, actions(said)) : [opening(said), emergency()],
    underWay ? (course.doseOf(said, "initial").length ? inSession(said) : checklist(said)) : null,
    readings(said),
    underWay || course.hasEnded(said) ? h("div", { class: "grid" }, underWay ? notes.spans() : null, notes.recordings(over, underWay), notes.wordless(over)) : null,
    h("div", { class: "row" }, underWay || (course.hasEnded(said) && !said.some((one) => one.kind === "death")) ? button(t`The night`, night, { class: "plain" }) : null, button(t`Numbers`, writeNumbers, { class: "plain" }), button(it.sounds ? t`Outside: it sounds` : t`Inside: it glows`, place, { class: "plain" }), button(t`Dim`, dim, { class: "plain" }), button(t`Enter from paper`, fromPaper, { class: "plain" }), button(t`Sign this device out`, signOut, { class: "plain" })),
  ];
}

/** The device is carried out of the room, or into it: outside it sounds, once now so that one hears that it does. */
async function place() {
  const it = session.current();
  it.sounds = !it.sounds;
  alarm.remember(it.sounds);
  if (it.sounds) alarm.sound(true);
  await session.keep();
  redraw(true);
}

/** A screen over that of the session. @param {(back: () => void) => any} make */
function over(make) {
  show(() => [top(), make(fromHere(home))], true);
}

const night = () => over((back) => notes.night(back, showCard));

/** The next look at night, once the session is over. @param {course.Said[]} said */
function nightCard(said) {
  const found = course.hasEnded(said) ? course.nightOf(session.current().briefing, said) : null;
  if (!found?.next) return null;
  const late = now() - found.next;
  return button(t`Look in on the participant`, night, { class: late > 10 * 60_000 ? "due over" : late > -10 * 60_000 ? "due" : "", small: late > 0 ? t`overdue by ${span(late)}` : t`in ${span(late)}, at ${hour(found.next, session.current().briefing.zone)}` });
}

const emergency = () => button(t`Emergency`, showCard, { class: "bad", small: t`numbers, what to do, rescue medication` });

/** That nobody can be rung, where no number is known. */
function numberless() {
  return session.current().phones.length ? null : h("div", { class: "note", role: "alert" }, h("p", {}, t`No number to ring is written: nobody can be rung from here.`), button(t`Write numbers`, writeNumbers));
}

const writeNumbers = () => over(numbers);

/** The numbers to ring, written or put right during the session. @param {() => void} back */
function numbers(back) {
  const it = session.current();
  const planned = namedOf(it.briefing);
  const named = [...new Set([...it.phones.map((one) => one.name), ...planned.map((one) => one.title)])];
  const codeOf = (/** @type {string} */ name) => it.phones.find((one) => one.name === name)?.code ?? planned.find((one) => one.title === name)?.code;
  const fields = named.map((name) => ({ name, code: codeOf(name), field: h("input", { name: name.toLowerCase(), type: "tel", autocomplete: "off", value: it.phones.find((one) => one.name === name)?.number ?? "", maxlength: 30 }) }));
  const save = async () => {
    it.phones = fields.map((one) => ({ name: one.name, code: one.code, number: one.field.value.trim() })).filter((one) => one.number);
    await session.keep();
    back();
  };
  return titled(t`Numbers to ring, readable from the locked screen`, fields.map((one) => h("label", {}, h("small", {}, coded(one.name)), one.field)), button(t`Save`, save, { class: "main" }), backTo(back));
}

/** How the session ended, and what is done then. @param {course.Said[]} said */
function ended(said) {
  const { address, zone } = session.current().briefing;
  const last = said.filter((one) => one.kind === "encounter").at(-1);
  const how = { against_advice: t`Left against advice`, transfer_to_hospital: t`Taken to hospital`, death: t`Death` }[/** @type {string} */ (last?.data.disposition)];
  const serious = how && last?.data.disposition !== "against_advice";
  const page = h("a", { href: `${address.split("/").slice(0, 3).join("/")}/`, target: "_blank" }, t`The participant's page (needs the network)`);
  return h("section", { class: how ? "panel due" : "panel" }, how && h("h2", {}, `${how}: ${hour(last?.at ?? 0, zone)}, ${session.named(last?.by ?? "")}`),
    h("p", {}, t`The session has ended. What comes next stands on the participant's page.`),
    how && h("p", {}, serious ? t`Ring the physician. It is entered as a serious adverse event there, by whoever is told of it; what was tapped in error is withdrawn there.` : t`Ring the physician. What was tapped in error is withdrawn there.`), page);
}

/** @param {course.Said[]} said */
function opening(said) {
  if (course.hasEnded(said)) return ended(said);
  return button(t`The participant is here: begin`, async () => (await session.record("encounter", { status: "started" })) && redraw(true), { class: "main" });
}

/** @param {course.Said[]} said */
function dueCards(said) {
  const { briefing } = session.current();
  const all = course.due(briefing, said);
  const near = all.filter((one) => one.at === null || one.at - now() < 10 * 60_000);
  return (near.length ? near : all.slice(0, 1)).map((one) => {
    const title = briefing.forms[one.form]?.title ?? one.what.replaceAll("_", " ");
    const late = one.at === null ? 0 : now() - one.at;
    const soon = late > -10 * 60_000;
    const words = one.at === null ? t`now` : late > 60_000 ? t`overdue by ${span(late)}` : late >= 0 ? t`now` : t`in ${span(late)}, at ${hour(one.at, briefing.zone)}`;
    if (!briefing.forms[one.form]?.simple) return h("div", { class: "panel" }, h("span", {}, `${title}: ${words}`), onItsPage(one.form));
    return button(title, () => fill(one.form, one.timepoint), { class: late > 10 * 60_000 ? "due over" : soon ? "due" : "", small: `${words} · ${timed(one.why)}` });
  });
}

/** @param {string} form */
function onItsPage(form) {
  return h("a", { href: `${session.current().briefing.address}${form}/`, target: "_blank" }, t`Fill it in on its page (needs the network)`);
}

/** @param {string} part */
function dose(part) {
  over((back) => acts.dose(part, back, fill, fromHere(() => dose(part))));
}

/** @param {course.Said[]} said */
function actions(said) {
  const { briefing } = session.current();
  const initial = course.doseOf(said, "initial").length;
  const offered = course.supplementWindow(briefing, said);
  const supplement = said.some((one) => one.kind === "dose" && one.data.part === "supplement");
  return [
    briefing.forms.vitals?.simple ? button(t`Vital signs`, () => fill("vitals", dueNow("vitals"))) : null,
    briefing.gates.initial_dose || briefing.standing.initial_dose ? button(t`Initial dose`, () => dose("initial"), { small: initial ? t`given: record another` : t`asks before it is given` }) : null,
    initial && offered ? button(t`Supplement`, () => dose("supplement"), { small: supplement ? t`recorded` : acts.timeOf(offered) }) : null,
    briefing.terms.length ? button(t`Something happened`, () => over(acts.event)) : null,
    button(t`Seen or heard`, () => notes.observe(fromHere(over)), { small: t`one tap keeps the time; words now or later` }),
    button(t`Who is here`, () => over(acts.people), { small: [...course.inside(said).keys()].map(session.named).join(", ") || t`nobody entered` }),
    emergency(),
    button(t`The session ends`, () => over((back) => acts.ending(back, fill))),
  ];
}

/** Reasons against whoever would give the dose: none against who gives none. */
const OF_WHO_GIVES = new Set(["not_staff", "role", "left_site", "no_certificate", "certificate_expired"]);

/** @param {course.Said[]} said */
function checklist(said) {
  const { briefing } = session.current();
  const row = (/** @type {any} */ one) => {
    const form = briefing.forms[one.form];
    if (form && !form.simple) return h("li", {}, h("div", { class: "panel" }, h("span", { class: one.done ? "done" : "" }, `${one.done ? "✓" : "○"} ${one.title}`), one.done ? null : onItsPage(one.form)));
    return h("li", {}, form ? button(`${one.done ? "✓" : "○"} ${one.title}`, () => fill(one.form), { class: one.done ? "done" : "" }) : h("span", {}, `${one.done ? "✓" : "○"} ${one.title}`));
  };
  const { acting } = session.current();
  const reasons = course.reasonsAgainst(briefing, said, "initial_dose", now(), null, acting.identity) ?? [];
  const missing = reasons.filter((one) => one.code !== "kit_not_named" && (acting.gives !== false || !OF_WHO_GIVES.has(one.code)));
  return h("section", { class: "panel" }, h("h2", {}, t`Before the dose`), h("ul", { class: "bare" }, course.arrival(briefing, said).map(row), notes.arrivalList()),
    missing.length ? h("div", {}, h("h2", {}, t`Still against it`), h("ul", { class: "reasons" }, missing.map((one) => h("li", {}, one.message)))) : h("p", { class: "done" }, t`Nothing stands against the dose but the kit, which is named when it is given.`));
}

/** What the session asks for at no planned time; asked again as often as it has to be. @param {course.Said[]} said */
function inSession(said) {
  const { briefing } = session.current();
  const row = (/** @type {{form: string, title: string, last: number | null}} */ one) => {
    const known = one.last === null ? t`not asked yet` : t`last at ${hour(one.last, briefing.zone)}`;
    if (!briefing.forms[one.form].simple) return h("div", { class: "panel" }, h("span", {}, `${one.title}: ${known}`), onItsPage(one.form));
    return button(`${one.last === null ? "○" : "✓"} ${one.title}`, () => fill(one.form), { class: one.last === null ? "" : "done", small: known });
  };
  const rows = course.afterDose(briefing, said).map(row);
  return rows.length ? h("section", { class: "panel" }, h("h2", {}, t`Also asked in this session`), h("div", { class: "grid" }, rows)) : null;
}

/** @param {course.Said[]} said */
function readings(said) {
  const { briefing } = session.current();
  const found = course.measured(said);
  if (!found.length) return null;
  const from = Math.min(found[0].at, ...said.filter((one) => one.kind === "dose").map((one) => one.at));
  const until = Math.max(now(), from + 36e5);
  const signs = Object.keys(briefing.forms.vitals.items);
  const units = signs.map((sign) => `${briefing.forms.vitals.items[sign].title} ${unit(briefing.forms.vitals.items[sign].unit)}`).join(" · ");
  return h("section", { class: "panel" }, chart(said, limits(), from, until, (at) => hour(at, briefing.zone)), readingsTable(found.slice(-6), signs, briefing.zone, markOf), h("small", {}, units));
}

/** The limits of alerts that are one number, for the chart. */
function limits() {
  /** @type {{name: string, value: number}[]} */
  const found = [];
  const look = (/** @type {any} */ node) => {
    if (!Array.isArray(node)) return;
    if ([">", ">="].includes(node[0]) && node[1][0] === "name" && node[2][0] === "double" && node[1][1].startsWith("vitals.")) found.push({ name: node[1][1].split(".")[1], value: node[2][1] });
    else node.slice(1).forEach(look);
  };
  for (const one of Object.values(/** @type {Record<string, any>} */ (session.current().briefing.alerts))) look(one.rule?.tree);
  return found.filter((one) => one.name !== "temperature");
}

function openEpisodes() {
  const it = session.current();
  const said = session.said();
  return course.episodes(it.briefing, said)
    .map((episode) => ({ episode, calls: course.callsOf(it.briefing, said, episode) }))
    .filter(({ calls }) => calls.at(-1)?.answered === null);
}

/** In the room it glows; outside it sounds, also when a reading is overdue. */
function glow() {
  const it = session.isOpen() ? session.current() : null;
  const open = it ? openEpisodes() : [];
  const overdue = it ? [...course.due(it.briefing, session.said()), { at: course.hasEnded(session.said()) ? (course.nightOf(it.briefing, session.said())?.next ?? null) : null }].some((one) => one.at !== null && now() - one.at > 10 * 60_000) : false;
  document.body.toggleAttribute("data-glow", open.length > 0);
  if (it?.sounds && (open.length || overdue)) alarm.sound();
}

function showCard() {
  const it = session.current();
  const shown = (/** @type {any} */ kept) => over((back) => {
    const again = fromHere(showCard);
    return card(kept, back, async (what, name) => (await session.record("session_note", { what, name })) && again(), writeNumbers);
  });
  void store.cardOf(it.id).then(shown);
}

/** Entering a sheet that was filled in on paper: each line with its own time. */
function fromPaper() {
  const it = session.current();
  const { zone } = it.briefing;
  const at = it.paper ?? now();
  const date = h("input", { type: "date", name: "date", value: clock.day(at, zone) });
  const time = h("input", { type: "time", name: "time", value: hour(at, zone) });
  const problem = warning();
  const set = () => {
    const found = clock.instantOf(date.value, time.value, zone);
    if (!Number.isFinite(found) || found > now()) return warn(problem, t`Say the day and the time on the sheet; they have gone by.`);
    it.paper = found;
    return home();
  };
  over((back) => titled(t`Enter from paper`, h("p", {}, t`When did it happen, as the sheet says? Keep the sheet: it is the source.`), h("label", {}, h("small", {}, t`Day`), date), h("label", {}, h("small", {}, t`Time`), time), problem, button(t`Enter what happened then`, set, { class: "main" }), backTo(back)));
}

async function left() {
  const isTold = await session.leave();
  show(() => [h("h1", {}, t`Signed out`), waitingLine(), isTold ? null : h("p", { class: "note", role: "alert" }, t`The server could not be told: leave this page open until the network returns, else the pages of the study can be read here for half an hour after that.`)]);
}

function signOut() {
  show(() => [h("h1", {}, t`Sign this device out?`), h("p", {}, t`Nothing of the session stays readable here. What is not sent yet stays sealed, and is sent when the network returns.`), h("div", { class: "row" }, button(t`Stay`, () => home()), button(t`Sign out`, left, { class: "bad" }))], true);
}

// A page that was loaded again is mute until a touch: that of its PIN, too. Of a finger Safari hears the end alone.
for (const one of ["pointerdown", "pointerup", "click", "keydown"]) addEventListener(one, () => {
  if (session.isOpen() ? session.current().sounds : alarm.isOutside()) alarm.ready();
}, true);
alarm.whenChanged(redraw);
session.whenChanged(redraw);
setInterval(() => clock.look(Date.now(), performance.now()), 1000);
setInterval(() => void send(redraw), 3000);
setInterval(() => session.isOpen() || void signIn.again(), 3000);
setInterval(() => void store.tryAgain(), 3_600_000);
// Outside it asks on where another page is in front, as what is found sounds.
setInterval(() => (document.visibilityState === "visible" || (session.isOpen() && session.current().sounds)) && void session.poll(), 1000);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && session.isOpen() && void alarm.stayAwake()); // what kept it awake ended when it was hidden
setInterval(redraw, 15_000);
addEventListener("online", () => void send(redraw));
addEventListener("hashchange", () => location.reload());
prepare({ first: glow, head: top, isTyped: isChoosing });
void start(home);
