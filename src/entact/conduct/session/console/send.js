// @ts-check
// Sends what waits, once each and in order. It needs no secret and no sign-in: who wrote what lies sealed in each box.

import * as store from "./store.js";

const AT_ONCE = 20;
const PATIENCE = 15_000; // milliseconds that the server has for an answer

let running = false;
let again = false;

/** @typedef {{waiting: number, aside: number, questioned: number, reached: boolean, oldest: string | null}} State */
/** @type {State} */
export const state = { waiting: 0, aside: 0, questioned: 0, reached: true, oldest: null };

/** Sends until nothing waits or the server cannot be reached. @param {() => void} changed */
export async function send(changed) {
  if (running) {
    again = true;
    return;
  }
  running = true;
  try {
    do {
      again = false;
      while (await sendSome(changed));
    } while (again);
  } finally {
    running = false;
  }
}

/** Counts what waits, and what the server could not open. */
export async function count() {
  const all = await store.waiting();
  state.aside = all.filter((item) => item.aside).length;
  state.waiting = all.length - state.aside;
  state.oldest = all.find((item) => !item.aside)?.since ?? null;
  return all.filter((item) => !item.aside).slice(0, AT_ONCE);
}

/** @param {() => void} changed */
async function sendSome(changed) {
  const items = await count();
  if (!items.length) return changed(), false;
  let answer;
  try {
    const response = await fetch("/session/entries/", {
      method: "POST",
      body: JSON.stringify(items.map((item) => item.box)),
      headers: { "Content-Type": "application/json" },
      credentials: "omit",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (!response.ok) throw new Error(String(response.status));
    answer = await response.json();
  } catch {
    state.reached = false;
    return changed(), false;
  }
  state.reached = true;
  const places = [];
  let goesOn = false;
  for (const [number, outcome] of answer.outcomes.entries()) {
    if (["kept", "again", "conflict"].includes(outcome.status)) places.push(items[number].place);
    if (outcome.questioned || outcome.status === "conflict") state.questioned++;
    if (outcome.status === "unopened") await store.setAside(items[number]);
    goesOn ||= ["kept", "again", "conflict", "unopened"].includes(outcome.status);
  }
  await store.sent(places);
  await count();
  changed();
  return goesOn;
}
