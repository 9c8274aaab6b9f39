// @ts-check
// The sign-in of this browser at the server: while the console is locked it opens no page, until the PIN opens both.
// What could not be told is told as soon as there is a network, while this page is open.

import * as crypt from "./crypt.js";

/** @typedef {{type: "lock", digest: string} | {type: "open", key: string} | {type: "end"}} Wanted */
/** @type {Wanted | null} what the server has not been told yet */
let untold = null;
/** @type {Promise<any>} */
let telling = Promise.resolve();

/** A key that opens the sign-in: it lies under the PIN. */
export function newKey() {
  return crypt.base64(crypto.getRandomValues(new Uint8Array(32)));
}

/** The digest of a key, which may be read. @param {string} key */
export async function digestOf(key) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", crypt.bytes(key)));
  return [...digest].map((one) => one.toString(16).padStart(2, "0")).join("");
}

/** Tells the server, or tries to; whether it was told. @param {Wanted} wanted */
export function tell(wanted) {
  untold = wanted;
  return again();
}

/** Tells what could not be told before, one after another; whether nothing is left. @returns {Promise<boolean>} */
export function again() {
  const done = telling.then(once);
  telling = done;
  return done;
}

async function once() {
  const wanted = untold;
  if (!wanted) return true;
  try {
    const response = await fetch("/session/sign-in/", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wanted), signal: AbortSignal.timeout(5_000) });
    if (!response.ok) return false;
  } catch {
    return false;
  }
  if (untold === wanted) untold = null;
  return untold === null;
}
