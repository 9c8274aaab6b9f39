// @ts-check
// What is done in the session: doses, answers to alarms, events, who is in the room, and how it ends. A button that
// gives a dose is made only where its gate says yes; one that records what was done is always there.

import { telephone } from "./card.js";
import { day, hour, noted, now, span } from "./clock.js";
import * as course from "./course.js";
import { backTo, button, h, titled, warn, warning } from "./dom.js";
import { kitNumber, labelOn } from "./kit.js";
import { against, deviceName } from "./lease.js";
import { HOLDS_FOR, ordersOf, setsAsideAs } from "./override.js";
import { unit } from "./pad.js";
import { redraw } from "./screen.js";
import { current, givesDoses, named, record, roleOf, said, wantLease } from "./session.js";
import { t } from "./words.js";

const AGO = [0, 5, 10, 15, 30, 60];

/** How long ago something happened. @param {{minutes: number}} to */
function when(to) {
  const pick = h("select", { "aria-label": t`When`, onchange: () => (to.minutes = Number(pick.value)) }, AGO.map((one) => h("option", { value: one }, one ? t`${one} min ago` : t`now`)));
  return h("label", {}, h("small", {}, t`When`), pick);
}

/** What a reason against an act waits for, by a tap. @param {course.Reason[]} reasons @param {(form: string) => void} fill */
function askFor(reasons, fill) {
  const { forms } = current().briefing;
  const names = course.formsMissing(current().briefing, reasons);
  return names.length ? h("div", { class: "grid" }, names.map((name) => button(forms[name].title, () => fill(name), { small: t`asked for: fill it in` }))) : null;
}

/** @param {string} part */
const actOf = (part) => (part === "supplement" ? part : "initial_dose");

/** The one level that is planned, where none was decided: it is decided with the dose. @param {course.Said[]} all */
function onlyLevel(all) {
  const { levels } = current().briefing;
  return course.levelOf(all) || levels.length !== 1 ? null : levels[0];
}

/** What was said, and the level that a dose would decide. @returns {course.Said[]} */
function withLevel() {
  const all = said();
  const only = onlyLevel(all);
  return only ? [...all, /** @type {any} */ ({ kind: "dose_level", data: { level: only } })] : all;
}

/** A dose, and first its level where that is decided with it. @param {any} data @param {any} more */
async function recordDose(data, more) {
  const only = onlyLevel(said());
  return (!only || (await record("dose_level", { level: only }, { ago: more.ago }))) && record("dose", data, more);
}

/** @param {string} part @param {() => void} done @param {(form: string) => void} fill @param {() => void} anew */
export function dose(part, done, fill, anew) {
  const it = current();
  const act = actOf(part);
  const all = said();
  const only = onlyLevel(all);
  const level = only ?? course.levelOf(all);
  const regimen = it.briefing.regimens[level ?? ""];
  const units = part === "initial" ? regimen?.initial : regimen?.supplement?.units;
  const kits = (it.briefing.standing[act]?.kits ?? []).filter((/** @type {any} */ one) => !level || one.level === level);
  const kit = h("input", { name: "kit", autocomplete: "off", autocapitalize: "characters", placeholder: t`as on the label`, list: "kits", maxlength: 40 });
  const verdict = h("div", { class: "panel", "aria-live": "polite" });
  /** @type {{witness: string | null}} "" is nobody, null not said yet */
  const seen = { witness: null };
  const offered = part === "supplement" ? course.supplementWindow(it.briefing, all) : null;

  let shown = "";
  function look() {
    const { acting, briefing } = current();
    const reasons = course.reasonsAgainst(briefing, withLevel(), act, now(), kit.value || null, acting.identity);
    const told = JSON.stringify([reasons, kit.value, seen, briefing.lease?.stamp, givesDoses(), acting.identity, said().filter((one) => one.kind === "override").length]);
    // a button is not taken away under a finger
    if (told === shown) return;
    shown = told;
    verdict.replaceChildren();
    const list = (/** @type {course.Reason[]} */ some) => h("ul", { class: "reasons" }, some.map((one) => h("li", {}, one.message, aside(one, look))));
    // whoever gives no dose here may set aside what stands against one
    const open = list((reasons ?? []).filter((one) => one.override));
    if (current().paper !== null) verdict.append(h("p", {}, t`From paper: record below what was done then.`));
    else if (acting.gives === false) verdict.append(h("p", {}, t`Doses are given by others than your role. What was done can be recorded below.`), open);
    else if (!givesDoses()) verdict.append(borrow(look), open);
    else if (reasons === null) verdict.append(h("p", {}, t`What this gate asks is hidden from your role.`));
    else if (reasons.length) {
      verdict.append(h("h2", {}, t`Not now`), list(reasons), askFor(reasons, fill) ?? "");
    } else if (seen.witness === null) verdict.append(h("p", {}, t`Nothing stands against it. Say who witnesses it.`));
    else {
      verdict.append(h("p", { class: "done" }, t`Nothing stands against it.`), button(part === "initial" ? t`Give the initial dose` : t`Give the supplement dose`, () => give(units, "taken", 0, look, done, part, kit.value, level, seen.witness), { class: "main", small: t`Kit ${kit.value.trim()}, level ${level}. Units: ${units}` }));
    }
  }
  const again = setInterval(() => (verdict.isConnected ? look() : clearInterval(again)), 1000);
  kit.addEventListener("input", look);
  look();
  return h("section", { class: "panel" },
    h("h1", {}, part === "initial" ? t`Initial dose` : t`Supplement`),
    offered ? h("p", {}, timeOf(offered)) : null,
    part === "initial" && !course.doseOf(all, part).length ? notLookedAt(all) : null,
    decideLevel(level, only, anew),
    h("label", {}, h("small", {}, t`Kit: scan or type its number`), kit),
    it.server === "here" ? photographed(kit, look) : null,
    h("datalist", { id: "kits" }, kits.map((/** @type {any} */ one) => h("option", { value: one.number }))),
    witnesses(seen, look),
    verdict,
    given(part, level, kit, units, look, done, seen),
    backTo(done),
  );
}

/** A picture of the label fills in the kit; it gives nothing, and what it read is looked at. @param {HTMLInputElement} kit @param {() => void} look */
function photographed(kit, look) {
  const said = h("p", { class: "quiet", role: "status", hidden: true });
  const picture = h("input", { type: "file", name: "picture", accept: "image/*", capture: "environment", onchange: async () => {
    const file = picture.files?.[0];
    if (!file) return;
    picture.value = "";
    say(t`The label is being read …`);
    try {
      kit.value = await labelOn(current().address, file);
      say(t`Read from the picture: ${kit.value}. Hold it against the label.`);
      look();
    } catch (error) {
      say(error instanceof Error ? error.message : "");
    }
  } });
  const say = (/** @type {string} */ text) => warn(said, text);
  return h("div", {}, h("label", { class: "file" }, t`Or a picture of its label`, picture), said);
}

/** What the file wants looked at on arrival and nobody has said is so: no gate waits for it. @param {course.Said[]} all */
function notLookedAt(all) {
  const open = current().briefing.plan.arrival.filter((/** @type {any} */ one) => course.notesOf(all, "arrival", one.code).at(-1)?.data.state !== "yes");
  const titles = open.map((/** @type {any} */ one) => one.title).join("; ");
  return titles ? h("p", { class: "note" }, t`Not looked at on arrival yet: ${titles}.`) : null;
}

/** Another device gives the doses: how to get to be the one. @param {() => void} look */
function borrow(look) {
  const { briefing, server } = current();
  const took = (/** @type {string} */ since) => hour(noted(since, briefing.environment), briefing.zone);
  const held = /** @type {import("./lease.js").Lease | null} */ (briefing.lease ?? null);
  const problem = warning();
  const want = (/** @type {"ask" | "force"} */ what) => async () => {
    try {
      await wantLease(what);
      if (what === "ask" || givesDoses()) return look();
      problem.textContent = t`That device was there a moment ago: ask for it on that one, or wait half a minute.`;
    } catch (error) {
      const refused = error instanceof Error && error.message === "403";
      problem.textContent = refused ? t`Whoever is signed in on this device gives no doses here: sign in as somebody who does, or record what was done.` : t`The server cannot be reached: this device cannot be given the doses now. Give them from the other one, or record what was done.`;
    }
    problem.hidden = false;
  };
  const asked = held?.wanted === deviceName();
  return h("div", {}, h("p", {}, against(held && { ...held, person: named(held.person) }, deviceName(), took)), problem,
    asked ? h("p", { class: "quiet" }, t`Asked for it. It comes as soon as that device has sent all that it has.`) : button(t`Give doses from this device`, want("ask"), { class: "main", disabled: server !== "here" }),
    asked ? button(t`That device is lost or broken: take it over`, want("force"), { class: "bad", small: t`Only where you know that nobody gives a dose from it: it may not hear of this` }) : null);
}

/** Who sees the dose taken, of those in the room beside the one who enters it. @param {{witness: string | null}} seen @param {() => void} look */
function witnesses(seen, look) {
  const { acting } = current();
  const there = [...course.inside(said()).keys()].filter((one) => one !== acting.identity);
  const buttons = [...there.map((one) => [one, named(one)]), ["", t`Nobody`]].map(([code, label]) => button(label, () => {
    seen.witness = code;
    buttons.forEach((one, place) => one.setAttribute("aria-pressed", String(code === (there[place] ?? ""))));
    look();
  }, { "aria-pressed": "false" }));
  return h("div", { class: "choice", role: "group", "aria-label": t`Witness` }, h("span", {}, t`Witness`), h("div", {}, buttons));
}

/** @param {{opens: number, closes: number}} offered */
export function timeOf(offered) {
  const at = now();
  const zone = current().briefing.zone;
  if (at < offered.opens) return t`May be offered from ${hour(offered.opens, zone)} on, in ${span(offered.opens - at)}.`;
  return at <= offered.closes ? t`May be given until ${hour(offered.closes, zone)}: ${span(offered.closes - at)} are left.` : t`Its time was over at ${hour(offered.closes, zone)}.`;
}

/** The level is decided once; then the panel is drawn anew, and read on from here. @param {string | null} level @param {string | null} only @param {() => void} anew */
function decideLevel(level, only, anew) {
  if (level) return h("p", { class: "quiet", id: "level", tabindex: -1 }, only ? t`Level ${level} is the only one of this session: it is decided with the dose` : t`Level decided for this session: ${level}`);
  return h("div", { class: "row" }, current().briefing.levels.map((/** @type {string} */ one) => button(t`Decide on level ${one}`, async () => {
    if (!(await record("dose_level", { level: one }))) return;
    anew();
    document.getElementById("level")?.focus();
  })));
}

const inWords = (more = {}) => h("input", { name: "why", maxlength: 400, placeholder: t`Why, in words`, "aria-label": t`Why, in words`, ...more });
const whyFirst = () => warning(t`Say why first: it stands in the record under your name.`);

/** @type {Map<string, string>} why a requirement is set aside, as far as it is typed: the screen is drawn anew meanwhile */
const whys = new Map();

/** A requirement that the file lets people set aside: each for themselves, one by word of mouth. @param {course.Reason} reason @param {() => void} look */
function aside(reason, look) {
  const { acting, briefing } = current();
  if (!reason.override || !reason.versions) return null;
  const { code, override, versions } = reason;
  const mayBe = setsAsideAs(briefing, override, acting.identity);
  const why = inWords({ value: whys.get(code) ?? "", oninput: () => whys.set(code, why.value) });
  const problem = whyFirst();
  const set = async (/** @type {any} */ more) => {
    if (!why.value.trim()) return (problem.hidden = false);
    if (!(await record("override", { requirement: code, entries: Object.keys(versions), versions: Object.values(versions), ...more }, { reason: why.value.trim() }))) return false;
    whys.delete(code);
    return look();
  };
  const roles = override.split("+").map((one) => one.trim());
  const far = briefing.staff.filter((/** @type {any} */ one) => one.counts && one.person !== acting.identity && one.roles.some((/** @type {string} */ role) => roles.includes(role)));
  const mine = said().some((one) => one.kind === "override" && one.data.requirement === code && one.by === acting.identity && !one.data.ordered_by && now() - one.at <= HOLDS_FOR);
  return h("div", {}, h("small", {}, t`May be set aside by ${roles.map(roleOf).join(" + ")}, each for themselves, for what was entered until now; it counts for half an hour.`), why, problem,
    mine ? h("small", { class: "done" }, t`${acting.name} has set it aside.`) : mayBe && button(mayBe === "role" ? t`I, ${acting.initials}, set it aside` : t`I, ${acting.initials}, set it aside as the second person`, () => set({}), { class: "bad", small: mayBe === "role" ? null : t`counts when somebody else does it` }),
    far.length ? h("details", {}, h("summary", {}, t`Ordered by telephone`), h("small", {}, t`Counts for one person, and is found in the record until that person confirms it on a device of their own.`), h("div", { class: "grid" }, far.map((/** @type {any} */ one) => button(t`${named(one.person)} orders it`, () => set({ ordered_by: one.person }), { class: "bad" })))) : null);
}

/** Orders by word of mouth that are said to be of whoever enters now: hers to confirm, with her reason. @param {(make: (done: () => void) => any) => void} show */
export function orders(show) {
  const { acting, briefing } = current();
  return ordersOf(said(), acting.identity).map((order) =>
    h("section", { class: "panel due" }, h("h2", {}, t`${named(order.by)} wrote down at ${hour(order.at, briefing.zone)} that you ordered this by telephone`),
      h("p", {}, t`Set aside: ${elseOf(order.data.requirement)}`), button(t`Yes, I ordered it`, () => show((done) => confirming(order, done)), { class: "main" }), h("small", {}, t`If you did not, leave it: it stays found in the record.`)));
}

/** The words of who ordered something: nobody else's stand for them. @param {course.Said} order @param {() => void} done */
function confirming(order, done) {
  const { acting } = current();
  const { ordered_by: _, ...data } = order.data;
  const why = inWords();
  const problem = whyFirst();
  const confirm = async () => {
    if (!why.value.trim()) return (problem.hidden = false);
    if (await record("override", data, { about: order.id, reason: why.value.trim() })) done();
    return true;
  };
  return titled(t`Set aside: ${elseOf(data.requirement)}`, why, problem, button(t`I, ${acting.initials}, ordered it`, confirm, { class: "main" }), backTo(done));
}

/** What a requirement says where it does not hold. @param {string} code */
function elseOf(code) {
  const all = Object.values(/** @type {Record<string, any>} */ (current().briefing.gates)).flatMap((gate) => gate.requirements);
  return all.find((one) => one.code === code)?.else ?? code;
}

/** @param {number} units @param {string} outcome @param {number} ago @param {() => void} look @param {() => void} done @param {string} part @param {string} kit @param {string | null} level @param {string | null} witness */
async function give(units, outcome, ago, look, done, part, kit, level, witness) {
  if (!givesDoses()) return look();
  if (ago === 0 && outcome === "taken" && course.reasonsAgainst(current().briefing, withLevel(), actOf(part), now(), kit, current().acting.identity)?.length) return look(); // a moment later it may be another answer
  const data = { part, kit: kitNumber(current().briefing, kit), level, dispensed: units, taken: units, returned: 0, lost: 0, outcome, witness: witness || null };
  if (await recordDose(data, { ago })) done();
  return undefined;
}

/** What was done is recorded whatever a gate says. @param {string} part @param {string | null} level @param {HTMLInputElement} kit @param {number | undefined} units @param {() => void} look @param {() => void} done @param {{witness: string | null}} seen */
function given(part, level, kit, units, look, done, seen) {
  const to = { minutes: 0 };
  const count = h("input", { inputmode: "numeric", name: "taken", value: units ?? "", "aria-label": t`Units taken` });
  const outcome = h("select", { name: "outcome", "aria-label": t`How it was` }, [["taken", t`taken, all of it`], ["partly_taken", t`partly taken`], ["vomited", t`taken, and vomited`], ["refused", t`declined`], ["withheld", t`withheld`]].map(([code, label]) => h("option", { value: code }, label)));
  const reason = h("input", { name: "reason", placeholder: t`Why`, maxlength: 400 });
  const problem = warning();
  let sure = "";
  const say = (/** @type {string} */ text) => warn(problem, text);
  return h("details", { class: "panel" }, h("summary", {}, t`Record what was done: given, declined or withheld`),
    h("label", {}, h("small", {}, t`How it was`), outcome), h("label", {}, h("small", {}, t`Units taken`), count), when(to), h("label", {}, h("small", {}, t`Why`), reason), problem,
    button(t`Record it`, async () => {
      const none = ["refused", "withheld"].includes(outcome.value);
      const taken = none ? 0 : Number(count.value);
      const dispensed = Math.max(units ?? taken, taken);
      const data = { part, kit: kitNumber(current().briefing, kit.value), level: level ?? "", dispensed, taken, returned: dispensed - taken, lost: 0, outcome: outcome.value, witness: seen.witness || null };
      if (!none && !/^[0-9]+$/.test(count.value.trim())) return say(t`Units taken: write a whole number.`);
      const open = [none && !reason.value.trim() ? t`No reason is written.` : "", !none && !data.kit ? t`No kit is named.` : "", !none && !data.level ? t`No level was decided.` : ""].filter(Boolean).join(" ");
      if (open && sure !== JSON.stringify(data)) {
        sure = JSON.stringify(data);
        return say(t`${open} Write it, or record it so by a second tap.`);
      }
      if (await recordDose(data, { ago: to.minutes, reason: reason.value.trim() || null })) done();
      return look();
    }, { class: "main", small: t`A fact: it is kept, whatever a gate says of it` }));
}

/** @param {course.Episode} episode @param {course.Call[]} calls */
export function alert(episode, calls) {
  const { briefing } = current();
  const last = calls.at(-1);
  const roles = course.told(briefing, episode, calls, now()).map(roleOf);
  const actions = [["repeated_reading", t`Reading will be repeated`], ["calmed", t`Rest, and reassurance`], ["physician_called", t`Physician called`], ["medication_given", t`Rescue medication given`], ["emergency_called", t`Emergency service called`], ["observed", t`Watched closely`]];
  return h("section", { class: "panel alert", role: "alert" }, h("h2", {}, episode.title),
    h("small", {}, [t`since ${hour(episode.held[0].at, briefing.zone)}`, episode.missing.length ? t`, missing: ${course.called(briefing, episode.missing)}` : "", t`. To be called: ${roles.join(", ")}.`].join("")),
    ...nextCalls(episode, calls).map((one) => h("small", {}, one)),
    measured(episode),
    byMachine(last, roles),
    onCall(course.told(briefing, episode, calls, now())),
    ring(),
    h("h2", {}, t`What is done about it`),
    h("div", { class: "grid" }, actions.map(([code, label]) => button(label, async () => (await record("alert_answered", { alert: episode.alerts[0], action: code }, { about: last?.id ?? null })) && redraw(true)))));
}

/** The newest values of what an alert is about. @param {course.Episode} episode */
function measured(episode) {
  const { briefing } = current();
  const last = said().findLast((one) => one.form === episode.form && one.values);
  const names = episode.alerts.flatMap((name) => Object.keys(briefing.alerts[name]?.rule?.names ?? {})).filter((name) => name.split(".").at(-2) === episode.form).map((name) => name.split(".").at(-1));
  const items = Object.entries(/** @type {Record<string, any>} */ (briefing.forms[episode.form]?.items ?? {})).filter(([name]) => names.includes(name) && typeof last?.values?.[name] === "number");
  const values = items.map(([name, item]) => `${item.title} ${last?.values?.[name]}${item.unit ? ` ${unit(item.unit)}` : ""}`);
  return last && values.length ? h("p", {}, `${hour(last.at, briefing.zone)}: ${values.join(" · ")}`) : null;
}

/** What machines have done about a call, or that nobody will be called by one. @param {course.Call | undefined} call @param {string[]} roles */
function byMachine(call, roles) {
  const { briefing, server } = current();
  const found = (briefing.called ?? []).filter((/** @type {any} */ one) => one.entry === call?.id);
  const line = (/** @type {any} */ one) => h("small", {}, `${roleOf(one.role)}, ${one.how === "mail" ? t`by mail` : t`by the webhook`}: ${one.problem ? t`could not be sent, tried again each minute` : t`sent`}, ${hour(noted(one.at, briefing.environment), briefing.zone)}`);
  const sent = found.some((/** @type {any} */ one) => !one.problem);
  const text = sent ? t`Sent is not reached: phone where nobody answers.` : server === "here" && briefing.ways?.length ? t`Called by machine within a minute: ${roles.join(", ")}. Until it is said here: phone.` : t`Nobody will be called by this device: phone.`;
  return h("div", {}, found.map(line), h("small", {}, text));
}

/** Who is on call now, for each role that an alert calls. @param {string[]} roles */
function onCall(roles) {
  const { briefing } = current();
  const at = now();
  const there = (briefing.roster ?? []).filter((/** @type {any} */ one) => roles.includes(one.role) && Date.parse(one.since) <= at && at < Date.parse(one.until));
  const nobody = roles.filter((role) => !there.some((/** @type {any} */ one) => one.role === role));
  return [
    there.map((/** @type {any} */ one) => rung({ name: `${[roleOf(one.role), named(one.person)].filter(Boolean).join(": ")}, ${t`on call until ${hour(Date.parse(one.until), briefing.zone)}`}`, number: one.number }, `${one.role}:${one.number.replace(/\D/g, "")}`)),
    nobody.length ? h("small", {}, t`Nobody is on the roster now as ${nobody.map(roleOf).join(", ")}.`) : null,
  ];
}

/** Whom an alert calls next, and when, while nobody answers. @param {course.Episode} episode @param {course.Call[]} calls */
function nextCalls(episode, calls) {
  const { briefing } = current();
  const open = calls.at(-1);
  if (!open || open.answered !== null) return [];
  const told = course.told(briefing, episode, calls, now());
  const ahead = course.stepsAhead(briefing, episode, open, now()).map((one) => ({ ...one, tell: one.tell.filter((role) => !told.includes(role)) }));
  return ahead.filter((one) => one.tell.length).map((one) => t`Not answered by ${hour(one.at, briefing.zone)}: ${one.tell.map(roleOf).join(", ")} too, in ${span(one.at - now())}.`);
}

/** The numbers that this device knows. */
function ring() {
  return current().phones.map((phone) => rung(phone, phone.code ?? phone.name.replace(/\W+/g, "_").toLowerCase()));
}

/** A number, and whether somebody was reached: that is kept, under a code, as words would be sealed and read by nobody else. @param {{name: string, number: string}} phone @param {string} code */
function rung(phone, code) {
  const { zone } = current().briefing;
  const last = course.notesOf(said(), "call", code).at(-1);
  const note = (/** @type {"yes" | "no"} */ state) => async () => (await record("session_note", { what: "call", name: code, state })) && redraw(true);
  return h("div", {}, telephone(phone),
    last ? h("small", {}, last.data.state === "yes" ? t`reached at ${hour(last.at, zone)}` : t`not reached at ${hour(last.at, zone)}`) : null,
    h("div", { class: "row" }, button(t`Reached`, note("yes")), button(t`Not reached`, note("no"))));
}

/** @param {() => void} done */
export function event(done) {
  const { terms } = current().briefing;
  const to = { minutes: 0 };
  const words = h("input", { name: "words", maxlength: 1000, placeholder: t`In the participant's words, if you like` });
  const pick = (/** @type {any} */ term) => button(term.title, async () => (await record("adverse_event", { term: term.code, valence: term.valence, ...(words.value.trim() ? { verbatim: words.value.trim() } : {}) }, { ago: to.minutes })) && done());
  return titled(t`Something happened`, h("p", { class: "quiet" }, t`One tap records it, pleasant or not. Severity and words can come later, on the form.`), words, when(to), h("div", { class: "grid" }, terms.map(pick)), backTo(done));
}

/** @param {() => void} done */
export function people(done) {
  const { briefing } = current();
  const there = course.inside(said());
  const row = (/** @type {any} */ one) => {
    const isIn = there.has(one.person);
    const role = there.get(one.person) ?? one.roles[0];
    return button(named(one.person), async () => (await record("presence", { person: one.person, role, state: isIn ? "out" : "in" })) && done(), { class: isIn ? "main" : "", small: `${roleOf(role)}, ${isIn ? t`in the room: leaves` : t`not here: comes in`}${one.counts ? "" : ` ${t`(certificate not in date)`}`}` });
  };
  return titled(t`Who is in the room`, h("div", { class: "grid" }, briefing.staff.filter((/** @type {any} */ one) => there.has(one.person) || (one.works ?? one.roles.length)).map(row)), briefing.together && others(there, done), backTo(done));
}

/** The others of a group, by their numbers. @param {Map<string, string>} there @param {() => void} done */
function others(there, done) {
  const [low, high] = current().briefing.together;
  const number = h("input", { name: "other", maxlength: 80, autocapitalize: "none", placeholder: t`Number of another participant` });
  const walk = (/** @type {string} */ person, /** @type {string} */ state) => record("presence", { person, role: course.PARTICIPANT, state });
  const here = [...there].filter(([, role]) => role === course.PARTICIPANT).map(([person]) => person);
  return h("div", {}, h("h2", {}, t`Other participants`), h("p", { class: "quiet" }, low === high ? t`Held by ${low} participants in one room, this one among them.` : t`Held by ${low} to ${high} participants in one room, this one among them.`),
    h("div", { class: "grid" }, here.map((person) => button(person, async () => (await walk(person, "out")) && done(), { class: "main", small: t`in the room: leaves` }))),
    number, button(t`Comes in`, async () => number.value.trim() && (await walk(number.value.trim(), "in")) && done(), {}));
}

/** @param {() => void} done @param {(form: string) => void} fill */
export function ending(done, fill) {
  const { briefing } = current();
  const reasons = course.reasonsAgainst(briefing, said(), "discharge", now(), null, current().acting.identity);
  const out = (/** @type {string} */ label, /** @type {string} */ disposition) => {
    const one = button(label, async () => {
      if (!one.dataset.sure) return (one.dataset.sure = "yes", one.querySelector("span").textContent = t`Yes: ${label}`);
      if (!(await record("encounter", { status: "ended", disposition }))) return false;
      if (disposition === "death") await record("death", { date: day(now(), briefing.zone) }); // what stops everybody is told by it
      return done();
    }, { class: "bad", small: t`by two taps` });
    return one;
  };
  return titled(t`The session ends`,
    reasons?.length
      ? h("div", {}, h("h2", {}, t`Discharge: not yet`), h("ul", { class: "reasons" }, reasons.map((one) => h("li", {}, one.message, aside(one, done)))), askFor(reasons, fill))
      : reasons && button(t`Discharge`, async () => (course.reasonsAgainst(briefing, said(), "discharge", now(), null, current().acting.identity)?.length ? done() : (await record("encounter", { status: "ended" })) && done()), { class: "main", small: t`Nothing stands against it` }),
    h("h2", {}, t`Facts, which no gate holds up`), h("div", { class: "grid" }, out(t`Left against advice`, "against_advice"), out(t`Taken to hospital`, "transfer_to_hospital"), out(t`Death`, "death")), backTo(done));
}
