// @ts-check
// The number of a kit as it is compared, however it was typed or scanned: as the server has it.

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

/** @param {string} number */
function checkCharacter(number) {
  let check = 36;
  for (const one of number) {
    if (LETTERS.includes(one)) check = (((check + LETTERS.indexOf(one)) % 36 || 36) * 2) % 37;
  }
  return LETTERS[(37 - check) % 36];
}
