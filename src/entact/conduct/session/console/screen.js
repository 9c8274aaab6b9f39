// @ts-check
// What is on the screen: drawn anew when something changes, but not under a finger, and not while somebody types.

import * as session from "./session.js";

const screen = /** @type {HTMLElement} */ (document.getElementById("screen"));
/** @type {() => any} what is shown, drawn anew when something changes */
let shown = () => null;
let turn = 0; // how many screens were shown
let steady = false; // somebody is filling something in: it is not drawn anew
/** @type {{ first: () => void, head: () => any, isTyped: () => boolean }} `first` is done before it is drawn, also where nothing is */
let uses = { first: () => {}, head: () => null, isTyped: () => false };

let pressedAt = -Infinity; // since when a finger is on the screen: nothing is taken away under it, for a moment
let waits = false; // to be drawn once it is gone
addEventListener("pointerdown", () => (pressedAt = performance.now()), true);
for (const one of ["pointerup", "pointercancel"]) addEventListener(one, () => setTimeout(lifted), true);

// The second tap of a double tap is nobody's wish: it would land on what the first has brought to its place, or
// confirm what the first only asked about. Digits of a PIN may be the same twice. Not every browser counts taps of a hand,
// and one counts a tap as the second whose first came to nothing: the first has to have been heard here, at this place.
let byHand = false;
let tapped = { at: -Infinity, x: 0, y: 0 };
addEventListener("pointerdown", (event) => (byHand = event.pointerType !== "mouse"), true);
addEventListener("click", (event) => {
  const on = event.target instanceof Element ? event.target : null;
  const within = event.detail > 1 ? 1000 : byHand ? 400 : 0;
  const again = event.timeStamp - tapped.at < within && Math.hypot(event.clientX - tapped.x, event.clientY - tapped.y) < 40;
  tapped = { at: event.timeStamp, x: event.clientX, y: event.clientY };
  if (again && on?.closest("button") && !on.closest(".keys")) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);

/** @param {typeof uses} those */
export function prepare(those) {
  uses = those;
}

/** @param {() => any} draw */
export function show(draw, isSteady = false) {
  [shown, steady] = [draw, isSteady];
  turn += 1;
  screen.replaceChildren(...[draw()].flat(Infinity).filter(Boolean));
  window.scrollTo(0, 0);
}

/**
 * What leads on from the screen that is shown now, and nowhere once another is: what takes long to keep closes none that
 * was opened meanwhile. @template {any[]} Given @param {(...given: Given) => any} act @returns {(...given: Given) => any}
 */
export function fromHere(act) {
  const here = turn;
  return (...given) => here === turn && act(...given);
}

function lifted() {
  pressedAt = -Infinity;
  if (waits) redraw();
}

/** @param {boolean} all also what is being typed, as where somebody has tapped something else on the same screen */
export function redraw(all = false) {
  uses.first();
  if (!session.isOpen()) return;
  waits = performance.now() - pressedAt < 2000;
  if (waits) return;
  keepingFocus(() => {
    if (steady || (uses.isTyped() && !all)) screen.querySelector(".top")?.replaceWith(uses.head());
    else screen.replaceChildren(...[shown()].flat(Infinity).filter(Boolean));
  });
}

/**
 * Gives the focus back once the screen is drawn anew: by keyboard one would begin at its top every few seconds.
 * Only to what is surely the same: an answer meant for one alert must not go to another.
 * @param {() => void} draw
 */
function keepingFocus(draw) {
  const nameOf = (/** @type {any} */ one) => [one.name, (one.querySelector("span") ?? one).textContent,
    one.closest("section, .alert")?.querySelector("h1, h2")?.textContent, one.parentElement?.parentElement?.querySelector("a")?.textContent].join("|");
  const before = /** @type {any} */ (document.activeElement);
  const name = screen.contains(before) && nameOf(before);
  const alike = () => [...screen.getElementsByTagName(before.tagName)].filter((one) => nameOf(one) === name);
  const isOne = name && alike().length === 1;
  draw();
  const after = isOne && !before.isConnected ? alike() : [];
  if (after.length === 1) /** @type {HTMLElement} */ (after[0]).focus({ preventScroll: true });
}

const look = document.documentElement.dataset;
look.light = localStorage.getItem("entact-light") ?? "";

export function dim() {
  look.light = look.light ? "" : "dim";
  localStorage.setItem("entact-light", look.light);
}
