// @ts-check
// A PIN for one session: short enough for one hand, long enough that guessing takes longer than the session.

import { t } from "./words.js";

export const SHORTEST = 6;
export const LONGEST = 12;
const FREE = 3; // wrong ones that cost no waiting
const FIRST = 30_000;
export const LONGEST_WAIT = 15 * 60_000;

/** What is wrong with a PIN that somebody chooses; empty where nothing is. @param {string} pin */
export function problemOf(pin) {
  if (!/^\d+$/.test(pin) || pin.length < SHORTEST || pin.length > LONGEST) return t`A PIN has ${SHORTEST} to ${LONGEST} digits.`;
  const steps = new Set([...pin].slice(1).map((digit, place) => Number(digit) - Number(pin[place])));
  return steps.size === 1 && [-1, 0, 1].includes([...steps][0]) ? t`Not digits in a row, nor one digit alone: they are tried first.` : "";
}

/** Milliseconds to wait after so many wrong ones in a row. @param {number} wrong */
export function waitAfter(wrong) {
  return wrong < FREE ? 0 : Math.min(FIRST * 2 ** (wrong - FREE), LONGEST_WAIT);
}

/** How long to wait still; a clock that was put back makes nobody wait longer. @param {{wrong: number, at: number} | undefined} tries @param {number} now */
export function left(tries, now) {
  if (!tries) return 0;
  const wait = waitAfter(tries.wrong);
  return Math.min(wait, Math.max(0, tries.at + wait - now));
}
