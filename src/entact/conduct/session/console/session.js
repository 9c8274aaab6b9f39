// @ts-check
// The session that is open on this device: what is known of it, and the one way to write. What `record` has
// returned for is on the disk, and only that is shown as saved.

import * as clock from "./clock.js";
import * as course from "./course.js";
import * as crypt from "./crypt.js";
import * as lease from "./lease.js";
import { versionOf } from "./override.js";
import { left } from "./pin.js";
import { count, send, state as sending } from "./send.js";
import * as signIn from "./signin.js";
import * as store from "./store.js";
import { coded, speak, t } from "./words.js";

/** @typedef {{identity: string, name: string, role: string, gives?: boolean, grant: string, until: string, initials: string, standing: any}} Person `gives`: whether they may give a dose; `until`: when the grant ends, under which they enter here without a network */

/**
 * @typedef {object} Session
 * @property {string} id opaque, under which it is kept here
 * @property {string} address of the briefing
 * @property {any} briefing @property {any[]} own entries of this device @property {Person[]} people who joined with a PIN
 * @property {Person} acting who enters now @property {CryptoKey} key @property {any[]} locks the key under each PIN
 * @property {{name: string, code?: string, number: string}[]} phones `code`: as the study file names it @property {boolean} sounds
 * @property {"here" | "offline" | "signed out"} server how the last question went
 * @property {number | null} paper when what is being entered from paper happened; null where nothing is
 * @property {string} problem what could not be saved
 * @property {boolean} tight whether the disk was full @property {any} newcomer a person who is signed in and has no PIN here
 * @property {string} opens the key of the sign-in at the server, which is locked with the console
 */

/** @type {Session | null} */
let open = null;
let writing = 0; // entries on their way to the disk
let changed = () => {};

export function current() {
  if (!open) throw new Error("no session is open");
  return open;
}

/** What a person is called; whom the server did not name by what they sign in with. @param {string} person @returns {string} */
export const named = (person) => current().briefing.people?.[person] ?? person;

/** What a role is called. @param {string} role @returns {string} */
export const roleOf = (role) => current().briefing.roles[role] ?? coded(role);

export function isOpen() {
  return open !== null;
}

/** Whether something that was entered is still on its way to the disk. */
export function isWriting() {
  return writing > 0;
}

/** @param {() => void} act is called when something is new */
export function whenChanged(act) {
  changed = act;
}

/** An opaque name of a session. @param {string} text */
export async function opaque(text) {
  const digest = await crypto.subtle.digest("SHA-256", crypt.bytes(text));
  return crypt.base64(digest).slice(0, 22);
}

/**
 * What the server says of a session; throws where it says nothing.
 * @param {string} address @param {any} before what it said before
 * @returns {Promise<any>} a briefing, null where nothing is new, or `{problem}`
 */
export async function fetchBriefing(address, before = null) {
  const asked = Date.now();
  const response = await fetch(`${address}?device=${lease.deviceName()}${before ? `&head=${before.head}&by=${encodeURIComponent(before.person.identity)}&beside=${before.beside ?? ""}` : ""}${sending.waiting ? `&waiting=${sending.waiting}&oldest=${encodeURIComponent(sending.oldest ?? "")}` : ""}`, { redirect: "manual", signal: AbortSignal.timeout(10_000) });
  if (response.type === "opaqueredirect") return { problem: "signed out" };
  if (response.status === 204) {
    const said = response.headers.get("Study-Time");
    if (said && before?.environment !== "rehearsal") clock.measure(said, asked, Date.now());
    return null;
  }
  if (response.status === 409) return response.json();
  if (!response.ok) return { problem: response.status === 404 ? t`There is no such session for you.` : t`The server says ${response.status}.` };
  const briefing = await response.json();
  localStorage.setItem("entact-language", briefing.language);
  await speak(briefing.language);
  // A rehearsal lives in study time, which goes on with each entry: its server's clock stands still in between.
  if (briefing.environment !== "rehearsal" || clock.isBehind(briefing.now)) clock.measure(briefing.now, asked, Date.now());
  return briefing;
}

/** @param {any} briefing @returns {Person} */
export function personOf(briefing) {
  const initials = briefing.person.name.split(/\s+/).map((/** @type {string} */ part) => part[0]).join("").slice(0, 3).toUpperCase();
  return { ...briefing.person, grant: briefing.grant, until: briefing.until, initials, standing: briefing.standing };
}

/** Begins a session on this device. @param {string} address @param {any} briefing @param {string} pin @param {any} more */
export async function begin(address, briefing, pin, more) {
  const key = await crypt.newKey();
  const person = personOf(briefing);
  const id = await opaque(`${briefing.participant.ledger} ${briefing.encounter}`);
  const lock = { identity: person.identity, initials: person.initials, digits: pin.length, ...(await crypt.wrap(key, pin)) };
  await store.setTries(id, {});
  open = { id, address, briefing, own: [], people: [person], acting: person, key, locks: [lock], server: "here", problem: "", tight: false, newcomer: null, paper: null, opens: signIn.newKey(), ...more };
  void signIn.tell({ type: "open", key: current().opens });
  await store.reserve().catch(() => {});
  await keepState();
  await freshly(3000);
  await takeLease(person);
}

/** Takes the lease where nobody has it, for who may give a dose: it is not kept from them by who may not. @param {Person} person */
async function takeLease(person) {
  if (person.gives !== false) await wantLease("take").catch(() => {});
}

/** Whether this device gives the doses of the session. */
export function givesDoses() {
  return current().briefing.lease?.device === lease.deviceName();
}

/** Asks the server about the dosing lease; what is known of it is on the disk before this returns. @param {"take" | "ask" | "release" | "force"} want */
export async function wantLease(want) {
  const it = current();
  const found = await lease.change(it.address, want, lease.deviceName());
  it.briefing = { ...it.briefing, lease: found };
  await keepState();
  changed();
}

/** Hands the lease to the device that asks for it: once all that was entered here is with the server, and nothing is being entered. */
async function handOver() {
  const it = current();
  if (!lease.isWanted(it.briefing.lease, lease.deviceName()) || writing) return;
  await count();
  if (!sending.waiting) await wantLease("release");
}

/** Another person joins on this device, with a PIN of their own, and sees what was entered until now. @param {string} pin */
export async function join(pin) {
  const it = current();
  const wrapped = await crypt.wrap(it.key, pin);
  await freshly(3000);
  if (!it.newcomer) return; // somebody else is signed in by now
  const person = personOf(it.newcomer);
  it.people = [...it.people.filter((one) => one.identity !== person.identity), person];
  it.locks = [...it.locks.filter((one) => one.identity !== person.identity), { identity: person.identity, initials: person.initials, digits: pin.length, ...wrapped }];
  follow(it.newcomer);
  it.newcomer = null;
  actAs(person);
  await keepState();
  await takeLease(person);
}

/** What the server said last is known from here on; what it has of this device need not be kept twice. @param {any} briefing */
function follow(briefing) {
  const it = current();
  it.briefing = briefing;
  const known = new Set(briefing.said.map((/** @type {any} */ one) => one.id));
  it.own = it.own.filter((one) => !known.has(one.id));
}

/** Opens what is kept here; false where the PIN is wrong, which is on the disk before it is said. @param {any} vault @param {any} lock @param {string} pin */
export async function unlock(vault, lock, pin) {
  const tries = await store.triesOf(vault.session);
  const mine = tries[lock.identity];
  if (left(mine, Date.now())) return false;
  await store.setTries(vault.session, { ...tries, [lock.identity]: { wrong: (mine?.wrong ?? 0) + 1, at: Date.now() } });
  const key = await crypt.unwrap(lock, pin);
  if (!key) return false;
  const { [lock.identity]: _, ...others } = tries;
  await store.setTries(vault.session, others);
  const kept = await crypt.open(key, vault);
  clock.setLead(kept.lead, kept.device);
  const acting = kept.people.find((/** @type {Person} */ one) => one.identity === lock.identity);
  open = { ...kept, id: vault.session, key, locks: vault.locks, acting, server: "offline", problem: "", tight: false, newcomer: null, paper: null, opens: kept.opens ?? signIn.newKey() };
  void signIn.tell({ type: "open", key: current().opens });
  return true;
}

/** Somebody enters from now on: what stands before an act stands before them. @param {Person} person */
export function actAs(person) {
  const it = current();
  it.acting = person;
  it.briefing = { ...it.briefing, standing: person.standing };
}

export function lock() {
  open = null;
}

/** Ends the session on this device, and the sign-in: what is unsent stays, sealed. Whether the server was told. */
export async function leave() {
  const { id } = current();
  await lease.change(current().address, "leave", lease.deviceName()).catch(() => {});
  open = null;
  await writes; // none of them brings back what is forgotten
  await store.forget(id);
  return signIn.tell({ type: "end" });
}

export function said() {
  const it = current();
  return course.together(it.briefing, it.own);
}

/**
 * Writes one entry. When this returns true it is durable; else `problem` says that it is not.
 * @param {string} kind @param {any} data @param {{timepoint?: string | null, about?: string | null, reason?: string | null, ago?: number, at?: number, from?: string}} more `ago`: minutes since it happened; `at`: when it did, where that is known; `from`: devices that measured some of it, and which; the rest is typed
 */
export async function record(kind, data, more = {}) {
  const it = current();
  const { briefing, acting } = it;
  const at = clock.now();
  const happened = it.paper ?? more.at ?? at - (more.ago ?? 0) * 60_000;
  const device = Date.now();
  const entry = {
    id: clock.newId(at), ledger: briefing.participant.ledger, kind, format: 2, release: briefing.release, environment: briefing.environment,
    encounter: briefing.encounter, timepoint: more.timepoint ?? null, repeat: 1, about: more.about ?? null, replaces: null,
    occurred_at: clock.rfc3339(happened, briefing.zone), recorded_at: clock.rfc3339(device, briefing.zone), clock_offset_ms: clock.leadNow(),
    by: acting.identity, role: acting.role, device: more.from ? `${lease.deviceName()} ${more.from.slice(0, 200)}` : lease.deviceName(), source: it.paper !== null ? "transcribed" : more.from ? "device" : "typed", basis: null, data, reason: more.reason ?? null,
  };
  const same = it.own.concat(briefing.said).filter((one) => one.kind === kind && one.timepoint === entry.timepoint && entry.timepoint !== null);
  entry.repeat = same.length + 1;
  writing++;
  try {
    const box = await crypt.seal(briefing.key, entry.id, acting.grant, JSON.stringify(entry));
    const kept = { ...entry, version: await versionOf(entry) };
    it.tight = (await keepState({ box, since: clock.rfc3339(at, briefing.zone) }, kept)) || it.tight;
  } catch (error) {
    it.problem = error instanceof Error && error.name === "QuotaExceededError" ? t`NOT SAVED: the storage of this device is full. Write it on paper, with the time.` : t`NOT SAVED: this device could not keep it. Write it on paper, with the time.`;
    writing--;
    changed();
    return false;
  }
  it.problem = "";
  await count().catch(() => sending.waiting++).finally(() => writing--); // until it is counted as waiting it is on its way; kept it is already
  changed();
  void send(changed);
  return true;
}

/** @type {Promise<any>} */
let writes = Promise.resolve();

/** Writes come one after another: none puts a state on the disk that lacks what an earlier one kept. @param {any} item @param {any} entry @param {Session} it */
function keepState(item = null, entry = null, it = current()) {
  const done = writes.then(() => write(it, item, entry));
  writes = done.catch(() => {});
  return done;
}

/** What the browser has thrown away while the page is open is kept anew, as far as it is known here: all that the server has not told yet. */
async function keepAnew() {
  const it = open;
  if (!it) return;
  it.problem = t`The browser has thrown away what this device kept. What is still known here is kept anew; open no other page, and write on paper too.`;
  changed();
  try {
    for (const { version: _, ...entry } of it.own) {
      const grant = it.people.find((one) => one.identity === entry.by)?.grant ?? it.acting.grant;
      await keepState({ box: await crypt.seal(it.briefing.key, entry.id, grant, JSON.stringify(entry)), since: entry.occurred_at }, null, it);
    }
    await keepState(null, null, it);
    await store.reserve().catch(() => {});
  } catch {
    it.problem = t`NOT SAVED: the browser has thrown away what this device kept, and keeps nothing anew. Write all that is not sent on paper, with the time.`;
  }
  await count();
  changed();
  void send(changed);
}

store.whenThrownAway(() => void keepAnew());

/** Keeps what was set beside entries, as the numbers to ring. */
export const keep = () => keepState();

/** @param {Session} it @param {any} item @param {any} entry */
async function write(it, item, entry) {
  const own = entry ? [...it.own, entry] : it.own;
  const kept = { address: it.address, briefing: it.briefing, own, people: it.people, phones: it.phones, sounds: it.sounds, opens: it.opens, lead: clock.leadNow(), device: Date.now() };
  const vault = { session: it.id, place: await opaque(it.address), locks: it.locks, kept: kept.device, digest: await signIn.digestOf(it.opens), ...(await crypt.close(it.key, kept)) };
  const tight = await store.keep(item, vault, cardOf(it, own));
  if (entry) it.own = [...it.own, entry];
  return tight;
}

/** What can be read from the locked screen: no name and no number of the participant. @param {Session} it @param {any[]} own */
function cardOf(it, own) {
  const all = course.together(it.briefing, own);
  const readings = course.measured(all).slice(-3).map((one) => ({ at: one.at, values: one.values }));
  const doses = all.filter((one) => one.kind === "dose").map((one) => ({ at: one.at, part: one.data.part, taken: one.data.taken }));
  const notes = all.filter((one) => one.kind === "session_note" && one.data.name && one.data.what !== "arrival").map((one) => ({ at: one.at, what: one.data.what, name: one.data.name }));
  const { rescue, emergencies } = it.briefing.plan;
  const limits = Object.values(/** @type {Record<string, any>} */ (it.briefing.alerts)).filter((one) => one.urgency === "now").map((one) => ({ title: one.title, tell: one.tell }));
  return { session: it.id, zone: it.briefing.zone, phones: it.phones, readings, doses, limits, notes, plan: { rescue, emergencies }, banner: it.briefing.banner };
}

/** @type {Promise<void> | null} the question that is under way: one at a time, so that no older answer comes after a newer one */
let asking = null;

/** Waits for the question that is under way: it may still keep the sign-in as it was. */
export async function quiet() {
  await asking;
}

/** Asks the server for what is new, and keeps it. */
export function poll() {
  return (asking ??= ask().finally(() => (asking = null)));
}

/** Waits for an answer to a question that is asked from now on, and no longer than this. @param {number} patience milliseconds */
export function freshly(patience) {
  const answered = (async () => (await asking, await poll()))();
  return Promise.race([answered, new Promise((settle) => setTimeout(settle, patience))]);
}

async function ask() {
  const it = open;
  if (!it) return;
  try {
    await signIn.again();
    if (open !== it) return;
    const found = await fetchBriefing(it.address, it.server === "here" ? it.briefing : null);
    if (open !== it) return;
    const isNew = found && !found.problem && !it.people.some((one) => one.identity === found.person.identity);
    const left = it.newcomer && !isNew;
    it.newcomer = isNew ? found : null;
    if (found?.problem === "signed out" && it.server !== "signed out") void signIn.tell({ type: "open", key: it.opens }); // a page beside it may have kept it locked
    if (found?.problem) it.server = "signed out";
    else if (found && !isNew) {
      follow(found);
      it.people = it.people.map((one) => (one.identity === found.person.identity ? personOf(found) : one));
      actAs(it.people.find((one) => one.identity === it.acting.identity) ?? it.acting);
      await keepState();
    }
    if (!found?.problem) it.server = "here";
    if (found || left) changed();
    await handOver();
  } catch {
    if (it.server !== "offline") {
      it.server = "offline";
      changed();
    }
  }
}

export { sending };
