// @ts-check
// What is on the disk of this device. A format has a database of its own name: a new version of the console drains
// the old one, and never changes it in place.

import { t } from "./words.js";

const DATABASE = "entact-session-1";
const RESERVE = "reserve";
const BEFORE = /** @type {string[]} */ ([]); // databases of older formats, whose queues are sent first

/** @type {Promise<IDBDatabase> | undefined} */
let opening;

let thrownAway = () => {};

/** @param {() => void} act is called when the browser has thrown away what was kept, while the page is open */
export function whenThrownAway(act) {
  thrownAway = act;
}

function opened() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("queue", { keyPath: "place", autoIncrement: true });
      request.result.createObjectStore("vault", { keyPath: "session" });
      request.result.createObjectStore("card", { keyPath: "session" });
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      request.result.onclose = () => {
        opening = undefined;
        thrownAway();
      };
      resolve(request.result);
    };
    request.onerror = () => {
      opening = undefined; // the next write tries again
      reject(request.error);
    };
  });
  return opening;
}

/**
 * Several writes that are all on the disk when this is done, or none of them.
 * @param {(stores: Record<string, IDBObjectStore>) => IDBRequest | void} act
 * @param {IDBTransactionMode} mode
 */
async function within(act, mode = "readwrite") {
  for (let turn = 1; ; turn++) {
    try {
      return await once(act, mode);
    } catch (error) {
      // What the browser throws away closes the connection, perhaps more than once: it is opened anew.
      const isClosed = error instanceof DOMException && (error.name === "InvalidStateError" || /connection/i.test(error.message));
      if (!isClosed || turn > 5) throw error;
      opening = undefined;
      await new Promise((settle) => setTimeout(settle, 100 * turn));
    }
  }
}

/** @param {(stores: Record<string, IDBObjectStore>) => IDBRequest | void} act @param {IDBTransactionMode} mode */
async function once(act, mode) {
  const database = await opened();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(["queue", "vault", "card"], mode, { durability: "strict" });
    const stores = { queue: transaction.objectStore("queue"), vault: transaction.objectStore("vault"), card: transaction.objectStore("card") };
    /** @type {IDBRequest | void} */
    let request;
    transaction.oncomplete = () => resolve(request ? request.result : undefined);
    transaction.onabort = () => reject(transaction.error ?? request?.error);
    request = act(stores);
  });
}

/**
 * Keeps an entry to be sent, the state that it leads to, and the card; done when all are on the disk.
 * On a full disk the reserve is given up for it; says whether that was so.
 * @param {any} item @param {any} vault @param {any} card
 */
export async function keep(item, vault, card) {
  const write = () =>
    within((stores) => {
      if (item) stores.queue.add(item);
      stores.card.put(card);
      stores.vault.put(vault);
    });
  try {
    await write();
    return false;
  } catch (error) {
    await within((stores) => stores.card.delete(RESERVE));
    await write();
    return true;
  }
}

/** Room that is given up when the disk is full, so that what is being written still has some. */
export function reserve() {
  return within((stores) => stores.card.put({ session: RESERVE, filler: new Uint8Array(3_000_000) }));
}

/** Everything that waits, in order. @returns {Promise<any[]>} */
export async function waiting() {
  return /** @type {any} */ (await within((stores) => stores.queue.getAll(), "readonly"));
}

/** What has arrived is taken off the queue. @param {number[]} places */
export function sent(places) {
  return within((stores) => {
    for (const place of places) stores.queue.delete(place);
  });
}

/** What the server could not open stays, and no longer stands before the others. @param {any} item */
export function setAside(item) {
  return within((stores) => stores.queue.put({ ...item, aside: true }));
}

/** What was set aside is tried once more: its key may have come back to the server. */
export async function tryAgain() {
  const aside = (await waiting()).filter((item) => item.aside);
  if (aside.length) await within((stores) => aside.forEach(({ aside: _, ...item }) => stores.queue.put(item)));
}

/** The sessions that lie on this device, that in which something was kept last at the end. @returns {Promise<any[]>} */
export async function vaults() {
  const all = /** @type {any[]} */ (await within((stores) => stores.vault.getAll(), "readonly"));
  return all.sort((one, other) => (one.kept ?? 0) - (other.kept ?? 0));
}

/** @param {string} session @returns {Promise<any>} */
export async function cardOf(session) {
  return within((stores) => stores.card.get(session), "readonly");
}

/** Wrong PINs in a row, by person. @param {string} session @returns {Promise<Record<string, {wrong: number, at: number}>>} */
export async function triesOf(session) {
  return (await cardOf(`tries ${session}`))?.of ?? {};
}

/** On the disk before the next PIN can be tried. @param {string} session @param {Record<string, {wrong: number, at: number}>} of */
export function setTries(session, of) {
  return within((stores) => stores.card.put({ session: `tries ${session}`, of }));
}

/** After sign-out nothing is readable: state and card go, what waits to be sent stays sealed. @param {string} session */
export function forget(session) {
  return within((stores) => {
    stores.card.delete(session);
    stores.card.delete(`tries ${session}`);
    stores.vault.delete(session);
  });
}

/** Whether this is a page on an iPad or iPhone that is not installed to the home screen: what it keeps is thrown away after a week, or sooner. */
export function mayBeThrownAway() {
  const apple = /iP(ad|hone|od)/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1); // as an iPad calls itself
  const installed = matchMedia("(display-mode: standalone)").matches || /** @type {any} */ (navigator).standalone === true;
  return apple && !installed;
}

/** What to say before the session about keeping; empty where all is well. */
export async function doubts() {
  const found = [];
  // Firefox asks the person, and does not answer before she has: nobody is kept out of a session by that.
  const kept = await Promise.race([navigator.storage?.persist?.().catch(() => false), new Promise((settle) => setTimeout(settle, 2000, "asked"))]);
  if (mayBeThrownAway()) found.push(t`Add this page to the home screen and open it from there: an iPad keeps only what is installed. Until then this device must not be the only copy.`);
  else if (kept === "asked") found.push(t`This browser asks whether this page may keep data on this device: allow it.`);
  else if (!kept) found.push(t`This browser may throw away what it keeps when space is short. Keep a second device, or paper, at hand.`);
  const room = await navigator.storage?.estimate?.().catch(() => null);
  if (room?.quota && room.quota - (room.usage ?? 0) < 20_000_000) found.push(t`The storage of this device is nearly full: make room before the session.`);
  return found;
}

export const FORMATS = [DATABASE, ...BEFORE];
