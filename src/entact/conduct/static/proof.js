// Proves a list that was opened, in this browser and without a network: that its rows are those whose root was committed
// before anybody was enrolled, that they were used in their order, each once, and when somebody looked at one.
// A classic script with a hash of its own: a file that was saved has no WebCrypto. The same questions are asked by
// `entact allocation verify`; time stamps are checked by `entact verify --against`.

const TOGETHER = 60_000; // ms: two that are asked for at once are received in one order and numbered in the other
const ROW_BYTES = 128;
const LOOKS = {
  preparation: "opened to prepare a dose",
  second_check: "opened by who checked the preparation",
  replacement: "opened for a replacement",
  planned_unblinding: "opened to tell the arm, as the study planned it",
  assignment: "opened to tell which visits are theirs, as the study planned it",
  expedited_report: "opened for the safety desk, to report an event",
  emergency: "opened in an emergency",
};

// SHA-256. Source: FIPS 180-4, section 6.2; its constants are the first 32 bits of the fractional parts of roots of primes.
const [ROUND, START] = (() => {
  const primes = [];
  for (let n = 2; primes.length < 64; n += 1) if (primes.every((prime) => n % prime)) primes.push(n);
  const bits = (root) => Math.floor((root - Math.floor(root)) * 2 ** 32) >>> 0;
  return [primes.map((prime) => bits(Math.cbrt(prime))), primes.slice(0, 8).map((prime) => bits(Math.sqrt(prime)))];
})();

function sha256(bytes) {
  const length = ((bytes.length + 8) >> 6) + 1 << 6;
  const padded = new Uint8Array(length);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(length - 4, bytes.length << 3);
  const turn = (word, by) => (word >>> by) | (word << (32 - by));
  const state = [...START];
  const words = new Uint32Array(64);
  for (let block = 0; block < length; block += 64) {
    for (let i = 0; i < 16; i += 1) words[i] = view.getUint32(block + 4 * i);
    for (let i = 16; i < 64; i += 1) {
      const [a, b] = [words[i - 15], words[i - 2]];
      words[i] = words[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + words[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i += 1) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[i] + words[i]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => { state[i] = (state[i] + word) | 0; });
  }
  const digest = new Uint8Array(32);
  state.forEach((word, i) => new DataView(digest.buffer).setInt32(4 * i, word));
  return digest;
}

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));

function unhex(text) {
  if (typeof text !== "string" || !/^([0-9a-f]{2})*$/.test(text)) throw new Error("what should be hexadecimal is not");
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

// The leaf of a row, as it was sealed: its place, its salt, and its text padded to a length that all rows have.
function leafOf(place, { text, salt }) {
  const written = new TextEncoder().encode(text);
  if (written.length >= ROW_BYTES) throw new Error(`row ${place + 1} is longer than any that is sealed`);
  const plain = new Uint8Array(ROW_BYTES);
  plain[0] = written.length;
  plain.set(written, 1);
  const at = new Uint8Array(8);
  new DataView(at.buffer).setUint32(4, place);
  const salted = unhex(salt);
  if (salted.length !== 32) throw new Error(`the salt of row ${place + 1} has not its length`);
  return sha256(joined([0], at, salted, plain));
}

// Source: RFC 6962, section 2.1.
function rootOf(leaves) {
  if (leaves.length === 1) return leaves[0];
  let half = 1;
  while (2 * half < leaves.length) half *= 2;
  return sha256(joined([1], rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half))));
}

// Everything that is wrong with an opened list, and what it shows. `expected`: the root that was committed, where the
// page knows it from the record itself.
function checkProof(proof, expected = "") {
  const problems = [];
  if (proof?.entact !== "entact list proof 1") return { problems: ["this file is no proof of a list"], facts: [] };
  try {
    if (expected && proof.root !== expected) problems.push(`the file is of another list than the one that was committed here, ${expected}`);
    const root = hex(rootOf(proof.rows.map((row, place) => leafOf(place, row))));
    if (root !== proof.root) problems.push(`the rows make the root ${root}, and ${proof.root} was committed: a row was changed, added, removed or moved`);
    problems.push(...numbersWrong(proof), ...usesWrong(proof), ...looksWrong(proof));
  } catch (error) {
    return { problems: [...problems, `the file cannot be read: ${error.message}`], facts: [] };
  }
  return { problems, facts: factsOf(proof) };
}

// The order that was committed is the order of the rows, in each stratum. Which stratum comes first the root holds: a
// script cannot, since it puts a name like 10 before all that are no whole number.
function numbersWrong({ rows, numbers }) {
  const expected = new Map(Object.entries(numbers).map(([stratum, own]) => [stratum, [...own]]));
  const count = Object.values(numbers).flat().length;
  const wrong = rows.slice(0, count).flatMap(({ text }, place) => {
    const [number, stratum] = text.split("|");
    const next = expected.get(stratum)?.shift();
    if (next === undefined) return [`row ${place + 1} is ${text}, and the order that was committed has no such row`];
    return number === next ? [] : [`row ${place + 1} is ${text}, and the order that was committed has ${next} of ${stratum}`];
  });
  return [...wrong, ...[...expected].flatMap(([stratum, left]) => left.map((number) => `${number} of ${stratum} is no row of the file`))];
}

function usesWrong({ numbers, used, committed_at: committed }) {
  const problems = [];
  const known = new Map(Object.entries(numbers).flatMap(([stratum, order]) => order.map((number) => [number, stratum])));
  const first = new Map();
  for (const use of used) {
    if (!known.has(use.number)) problems.push(`${use.number} is no row of the list`);
    else if (use.stratum && use.stratum !== known.get(use.number)) problems.push(`${use.number} is a row of ${known.get(use.number)}, and participant ${use.who} is of ${use.stratum}`);
    const before = first.get(use.number);
    if (!before) first.set(use.number, use);
    else if (before.who !== use.who) problems.push(`${use.number} was used twice: for participant ${before.who} and for participant ${use.who}`);
    if (time(use.at) < time(committed)) problems.push(`${use.number} was used on ${use.at}, before the list was committed`);
  }
  for (const order of Object.values(numbers)) {
    const last = order.findLastIndex((number) => first.has(number));
    let latest;
    order.slice(0, last + 1).forEach((number) => {
      const use = first.get(number);
      if (!use) return problems.push(`${number} was passed over: ${order[last]} was used, and it was not`);
      if (latest && time(latest.at) - time(use.at) > TOGETHER) problems.push(`${number} was used out of order: on ${use.at}, ${latest.number} before it on ${latest.at}`);
      if (!latest || time(use.at) > time(latest.at)) latest = use;
    });
  }
  return problems;
}

// A row that was looked at before anybody had it could have been kept for somebody.
function looksWrong({ used, opened, whole, locked_at: locked }) {
  const since = new Map();
  for (const use of used) if (!since.has(use.who)) since.set(use.who, use.at);
  const rows = opened.flatMap(({ who, at }) => {
    if (!since.has(who)) return [`a row was opened on ${at} for participant ${who}, who had none`];
    return time(at) < time(since.get(who)) ? [`the row of participant ${who} was opened on ${at}, before it was used on ${since.get(who)}`] : [];
  });
  const all = whole.filter(({ purpose, at }) => purpose === "after_lock" && time(at) < time(locked));
  return [...rows, ...all.map(({ at }) => `every row was opened on ${at}, and the study was locked on ${locked}`)];
}

function factsOf({ rows, numbers, used, opened, whole, committed_at: committed, root }) {
  const strata = Object.keys(numbers).length;
  const looked = Object.entries(LOOKS).flatMap(([purpose, words]) => {
    const own = opened.filter((one) => one.purpose === purpose);
    return own.length ? [`${own.length} ${own.length === 1 ? "row was" : "rows were"} ${words}: ${own.map(({ who, at }) => `participant ${who} on ${said(at)}`).join("; ")}`] : [];
  });
  const printed = whole.filter((one) => one.purpose === "code_breaks").map(({ at }) => `every row was opened on ${said(at)}, to print code-breaks`);
  const measured = whole.filter((one) => one.purpose === "blinding").map(({ at }) => `rows of all who were randomised were opened on ${said(at)}, to measure blinding for the committee`);
  const shared = whole.filter((one) => one.purpose === "renewal").map(({ at }) => `every row was shared out anew among custodians on ${said(at)}, and shown to nobody`);
  return [
    `root ${root}, committed on ${said(committed)}`,
    `${Object.values(numbers).flat().length} rows in ${strata} ${strata === 1 ? "stratum" : "strata"}; ${new Set(used.map((use) => use.number)).size} of them used`,
    ...rows.slice(Object.values(numbers).flat().length).map(({ text }) => `sealed behind the list: ${text.replaceAll("|", ", ")}`),
    ...looked,
    ...printed,
    ...shared,
    ...measured,
  ];
}

// A time for reading: 2026-03-02 10:30:00 UTC.
function said(at) {
  return at.replace("T", " ").replace(/(:\d\d)(\.\d+)?(\+00:00|Z)$/, "$1 UTC");
}

function time(text) {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Error(`${text} is no time`);
  return at;
}

// The data of a page that proves a list, or the text itself.
function dataIn(text) {
  return /<script type="application\/json" id="proof">([^<]*)</.exec(text)?.[1] ?? text;
}

function listOf(texts) {
  const list = document.createElement("ul");
  list.append(...texts.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  return list;
}

if (typeof document !== "undefined") {
  const answer = document.querySelector("[data-answer]");
  const show = (proof) => {
    const { problems, facts } = checkProof(proof, answer.dataset.root ?? "");
    const verdict = document.createElement("p");
    verdict.className = problems.length ? "flag bad" : "flag good";
    verdict.textContent = problems.length ? "This list was NOT made and used as it was promised:" : "This is the list that was committed, row for row, used in its order.";
    answer.replaceChildren(verdict, listOf(problems), listOf(facts));
    answer.hidden = false;
  };
  const within = document.querySelector("#proof");
  if (within) show(JSON.parse(within.textContent));
  document.querySelector("[data-proof]")?.addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    try {
      show(JSON.parse(dataIn(await file.text())));
    } catch {
      show(null);
    }
  });
}
