// @ts-check
// The number of a kit as it is compared, however it was typed, scanned or photographed: as the server has it.

import { h } from "./dom.js";
import { t } from "./words.js";

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** In capitals, every dash a hyphen, without spaces and characters that nobody sees. @param {string} text */
export function normal(text) {
  return text.normalize("NFKC").toUpperCase().replace(/[\p{Pd}\u2212]/gu, "-").replace(/[\s\p{Cf}\p{Cc}]/gu, "");
}

/**
 * The number of what was typed or scanned. A label says it with a character behind a dot (ISO/IEC 7064, MOD 37,36).
 * @param {any} briefing @param {string} text
 */
export function kitNumber(briefing, text) {
  const typed = normal(text);
  const label = /^(.+)\.([0-9A-Z])$/.exec(typed);
  if (!label || briefing.kits?.includes(typed)) return typed;
  return checkCharacter(label[1]) === label[2] ? label[1] : typed;
}

/** Whether a kit is one of this participant's; unknown kits are nobody's here. @param {any} briefing @param {string} kit */
export function isOwn(briefing, kit) {
  return !briefing.kits || briefing.kits.includes(kitNumber(briefing, kit));
}

const LONG_SIDE = 2000; // pixels of a picture of a label: enough for its code, and soon sent
const PATIENCE = 20_000; // milliseconds

/** What the label on a picture says, as the server reads it; throws in words where it says none. @param {string} address of the briefing @param {Blob} picture */
export async function labelOn(address, picture) {
  const whole = await createImageBitmap(picture).catch(() => null);
  if (!whole) throw new Error(t`This is no picture that can be opened: type the number.`);
  const share = Math.min(1, LONG_SIDE / Math.max(whole.width, whole.height));
  const canvas = h("canvas", { width: Math.round(whole.width * share), height: Math.round(whole.height * share) });
  canvas.getContext("2d").drawImage(whole, 0, 0, canvas.width, canvas.height);
  const body = await new Promise((settle) => canvas.toBlob(settle, "image/jpeg", 0.85));
  const answer = await fetch(address.replace(/briefing\/$/, "label/"), { method: "POST", redirect: "manual", headers: { "Content-Type": "image/jpeg" }, body, signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
  const said = await answer?.json().catch(() => null);
  if (!said?.label) throw new Error(said?.problem ?? t`The server cannot be reached: type the number, with the sign behind its dot.`);
  return said.label;
}

/** @param {string} number */
function checkCharacter(number) {
  let check = 36;
  for (const one of number) {
    if (LETTERS.includes(one)) check = (((check + LETTERS.indexOf(one)) % 36 || 36) * 2) % 37;
  }
  return LETTERS[(37 - check) % 36];
}
