// @ts-check
// Arrival: how a session is opened on this device, by whom, and the locked screen.

import * as alarm from "./alarm.js";
import { card } from "./card.js";
import { backTo, button, h, titled, warn, warning } from "./dom.js";
import { told } from "./head.js";
import * as pins from "./pin.js";
import { redraw, show } from "./screen.js";
import { send } from "./send.js";
import * as session from "./session.js";
import * as signIn from "./signin.js";
import * as store from "./store.js";
import { coded, speak, t } from "./words.js";

/** @type {(leads?: boolean) => void} the session, once it is open */
let home = () => {};
/** @type {{ who: string, panel: Element, joins: boolean } | null} the panel on which somebody chooses a PIN: what is typed there stays */
let asking = null;

/** Whether somebody is choosing a PIN. */
export function isChoosing() {
  return Boolean(asking?.panel.isConnected && asking.who === session.current().newcomer?.person.identity);
}

/** Whether somebody's PIN is being set: until it is, what is entered would be under the name of who entered before. */
export function isJoining() {
  return Boolean(asking?.joins);
}

/** @param {typeof home} open */
export async function start(open) {
  home = open;
  await speak(localStorage.getItem("entact-language") ?? navigator.language);
  if (navigator.locks && !(await alone())) return show(() => h("p", { class: "note" }, t`The console is open in another tab of this device: go on there.`));
  void navigator.serviceWorker?.register("/session/worker.js").catch(() => {});
  const vaults = await store.vaults();
  void store.tryAgain().then(() => send(redraw));
  const address = addressed();
  const anew = location.search === "?anew"; // somebody has just signed in who has no PIN here
  if (anew) history.replaceState(null, "", location.pathname + location.hash);
  const last = vaults.at(-1);
  if (address) {
    const place = await session.opaque(address);
    const wanted = vaults.find((one) => one.place === place);
    if (wanted && anew) return arrive(address, () => show(() => locked(wanted)));
    return wanted ? show(() => locked(wanted)) : arrive(address, last && (() => show(() => locked(last))));
  }
  if (last) return show(() => locked(last));
  return show(() => [h("h1", {}, t`No session is open on this device`), h("p", {}, t`Open it from the page of the visit: “Open the console”.`), waitingLine()]);
}

/** One tab alone: two would each think that they know everything. */
function alone() {
  return new Promise((resolve) => {
    void navigator.locks.request("entact-session", { ifAvailable: true }, (held) => {
      resolve(held !== null);
      return held && new Promise(() => {});
    });
  });
}

/** The briefing of the session in the address: `/session/#1-001/session_1.1`. */
function addressed() {
  const [key, visit] = location.hash.slice(1).split("/");
  return key && visit ? `/session/${key}/${visit}/briefing/` : null;
}

/** @param {string} address @param {(() => void) | null} back */
async function arrive(address, back = null) {
  let briefing;
  await send(redraw); // what waits here is told by the briefing
  await session.quiet();
  await signIn.again(); // locked, the sign-in of before counts for nothing
  try {
    briefing = await session.fetchBriefing(address);
  } catch {
    briefing = { problem: back ? t`The server cannot be reached: nobody can sign in anew until it can. Somebody else’s PIN opens this device; without one write on paper, with the time.` : t`The server cannot be reached, and this device knows nothing of this session yet.` };
  }
  if (briefing.problem === "signed out") {
    location.href = `/sign-in/?next=${encodeURIComponent(`/session/?anew${location.hash}`)}`;
    return;
  }
  if (briefing.problem) return show(() => [h("h1", {}, t`Not open`), h("p", { class: "note" }, briefing.problem), waitingLine(), back && backTo(back)]);
  const doubts = await store.doubts();
  show(() => setUp(address, briefing, doubts), true);
}

/** @param {string} address @param {any} briefing @param {string[]} doubts */
function setUp(address, briefing, doubts) {
  const phones = namedOf(briefing).map((/** @type {any} */ one) => ({ name: one.title, code: one.code, field: h("input", { name: one.title.toLowerCase(), type: "tel", autocomplete: "off", value: one.number ?? "", maxlength: 30 }) }));
  const pin = h("input", { name: "pin", type: "password", inputmode: "numeric", autocomplete: "off", maxlength: pins.LONGEST, "aria-describedby": "pin-help" });
  const sounds = h("input", { type: "checkbox", name: "sounds", checked: briefing.person.gives === false }); // who gives no dose follows from outside
  const problem = warning();
  const beside = h("input", { type: "checkbox", name: "beside" });
  const begin = async () => {
    const wrong = pins.problemOf(pin.value) || (store.mayBeThrownAway() && !beside.checked ? t`This device must not be the only copy: install the page, or say that paper or another device is here and is written on.` : "");
    if (wrong) return warn(problem, wrong);
    await session.begin(address, briefing, pin.value, { phones: phones.map((/** @type {any} */ one) => ({ name: one.name, code: one.code, number: one.field.value.trim() })).filter((/** @type {any} */ one) => one.number), sounds: sounds.checked });
    alarm.remember(sounds.checked);
    if (sounds.checked) alarm.ready();
    void alarm.stayAwake();
    return home();
  };
  return [
    h("p", { class: "banner" }, briefing.banner),
    h("h1", {}, `${briefing.title}, ${briefing.participant.number}`),
    doubts.map((one) => h("p", { class: "note" }, one)),
    h("section", { class: "panel" }, h("h2", {}, t`Numbers to ring, readable from the locked screen`), phones.map((/** @type {any} */ one) => h("label", {}, h("small", {}, coded(one.name)), one.field))),
    h("section", { class: "panel" }, h("h2", {}, t`Sound`), h("p", { class: "quiet" }, t`Inside the room alarms glow. On a device outside they sound: try it now, browsers ask for a touch.`), h("div", { class: "row" }, button(t`Try the sound`, () => alarm.sound(true)), h("label", {}, sounds, t`This device is outside the room`))),
    h("section", { class: "panel" }, h("label", {}, h("small", { id: "pin-help" }, t`A PIN of ${pins.SHORTEST} digits or more for ${briefing.person.name}, for this session`), pin), store.mayBeThrownAway() ? h("label", {}, beside, t`Printed sheets or another device are here, and are written on whenever this one has something that is not sent`) : null, problem, button(t`Open the session`, begin, { class: "main" })),
  ];
}

/** Somebody else is signed in on this device, and joins with a PIN. */
export function newcomer() {
  if (asking?.joins) return asking.panel;
  const it = session.current();
  const pin = h("input", { name: "pin", type: "password", inputmode: "numeric", autocomplete: "off", maxlength: pins.LONGEST });
  const problem = warning();
  const join = async () => {
    const wrong = pins.problemOf(pin.value);
    if (wrong) return warn(problem, wrong);
    asking = { who: it.newcomer.person.identity, panel, joins: true };
    show(newcomer, true);
    await session.join(pin.value).finally(() => (asking = null));
    return home();
  };
  /** @type {Element} */
  const panel = titled(t`${it.newcomer.person.name} is signed in`, h("label", {}, h("small", {}, t`Choose a PIN of ${pins.SHORTEST} digits or more to enter from this device too`), pin), problem, button(t`Join`, join, { class: "main" }));
  asking = { who: it.newcomer.person.identity, panel, joins: false };
  return panel;
}

/** What is locked here is locked at the server too: no page of the study opens beside it. @param {any} vault */
async function lockSignIn(vault) {
  await session.quiet();
  if (vault.digest && !session.isOpen()) await signIn.tell({ type: "lock", digest: vault.digest });
}

/** @param {any} vault */
export function locked(vault) {
  void lockSignIn(vault);
  let chosen = vault.locks[0];
  let typed = "";
  const dots = h("p", { class: "dots", role: "status" }, "");
  const persons = vault.locks.map((/** @type {any} */ one) => button(told(one, vault.locks), () => choose(one), { "aria-pressed": String(one === chosen) }));
  /** @param {any} one */
  function choose(one) {
    [chosen, typed, dots.textContent] = [one, "", ""];
    persons.forEach((/** @type {HTMLElement} */ each, /** @type {number} */ place) => each.setAttribute("aria-pressed", String(vault.locks[place] === one)));
  }
  /** @param {string} digit */
  async function press(digit) {
    const digits = chosen.digits;
    if (typed.length >= digits) return;
    typed += digit;
    dots.textContent = "●".repeat(typed.length);
    if (typed.length < digits) return;
    const person = chosen;
    if (await session.unlock(vault, person, typed)) {
      void alarm.stayAwake();
      await session.freshly(1000); // what another device entered is there, unless there is no network
      return home(true);
    }
    const wait = pins.left((await store.triesOf(vault.session))[person.identity], Date.now());
    [typed, dots.textContent] = ["", wait ? t`not this PIN: wait ${Math.ceil(wait / 1000)} s` : t`not this PIN`];
  }
  return h("section", { class: "lock" }, h("h1", {}, t`Locked`), h("div", { class: "persons" }, persons), dots,
    h("div", { class: "keys" }, [..."123456789"].map((one) => button(one, () => press(one))), h("span"), button("0", () => press("0")), h("span")),
    button(t`Emergency: numbers, what to do, last readings`, async () => {
      const kept = await store.cardOf(vault.session);
      show(() => card(kept, () => show(() => locked(vault))));
    }, { class: "bad" }),
    h("p", { class: "quiet" }, t`While it is locked, this device neither glows nor sounds.`), button(t`No PIN here, or forgotten: sign in anew`, async () => {
      const [address, back] = [addressed(), () => show(() => locked(vault))];
      if (address && vault.place === (await session.opaque(address))) return arrive(address, back);
      return show(() => [h("p", { class: "note" }, t`Open it from the page of the visit: “Open the console”.`), backTo(back)]);
    }, { class: "plain" }));
}

/** Whom the study file, or custom, wants to be rung. @param {any} briefing @returns {{code: string, title: string, number: string}[]} */
export function namedOf(briefing) {
  return briefing.plan.telephones.length ? briefing.plan.telephones : [{ code: "physician", title: "Physician", number: "" }, { code: "medical_monitor", title: "Medical monitor", number: "" }, { code: "emergency", title: "Emergency", number: "" }];
}

export function waitingLine() {
  const { waiting, aside } = session.sending;
  return h("p", { class: "quiet" }, waiting ? t`${waiting} entries wait here, sealed, to be sent.` : aside ? t`${aside} entries are kept here that the server could not open.` : t`Nothing waits to be sent.`);
}
