// What a script says, in the language of its page: the server lays beside it what reads otherwise than in English.

const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");

// Looks up a text with {0}, {1} in the places of its values, and puts them where the translation has these.
export function t(texts, ...values) {
  const asked = texts.reduce((all, text, place) => `${all}{${place - 1}}${text}`);
  return (words[asked] ?? asked).replace(/\{(\d+)\}/g, (_, place) => values[place]);
}
