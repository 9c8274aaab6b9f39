// @ts-check
// What the console says, in the language of whoever opened the session. What is written into the record is in none:
// it holds codes, times and what people typed.

/** @type {Record<string, string>} */
let words = {};

/** Speaks a language from now on, where this device has its words; English where it has none. @param {string} tag such as `de` */
export async function speak(tag) {
  const all = await fetch("/session/words.json").then((answer) => answer.json()).catch(() => ({}));
  const known = tag.slice(0, 2).toLowerCase();
  words = all[known] ?? {};
  document.documentElement.lang = all[known] ? known : "en";
}

/** Looks up a text with `{0}`, `{1}` in the places of its values, and puts them where the translation has these. @param {TemplateStringsArray} texts @param {...any} values */
export function t(texts, ...values) {
  const asked = texts.reduce((all, text, place) => `${all}{${place - 1}}${text}`);
  return (words[asked] ?? asked).replace(/\{(\d+)\}/g, (_, place) => String(values[place]));
}

/** What a code of the record is called: a sign, a part of the dose, a role. @param {string} code */
export function coded(code) {
  const plain = code.replaceAll("_", " ");
  return words[plain] ?? plain;
}

/** A time of the schedule as people say it: `initial + 1 h`. @param {string} timepoint */
export function timed(timepoint) {
  return timepoint.split(" + ").map(coded).join(" + ");
}
