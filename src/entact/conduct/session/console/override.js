// @ts-check
// Requirements that people set aside, each for themselves or one by word of mouth: as course/gates/override.py has it,
// to which tests/conduct/session/test_course.py holds this.

/** @typedef {import("./course.js").Said} Said */

export const HOLDS_FOR = 30 * 60_000;
const SECOND_PERSON = "second person";

/** Digest of an entry as it was made here: the server's, once it has it. @param {any} entry */
export async function versionOf(entry) {
  const at = entry.occurred_at.replace(/\.(\d{3})(?=[+-])/, (/** @type {string} */ _, /** @type {string} */ part) => (part === "000" ? "" : `.${part}000`));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical([entry.id, at, entry.data])));
  return [...new Uint8Array(digest)].map((one) => one.toString(16).padStart(2, "0")).join("");
}

/** Canonical JSON (RFC 8785) of what holds no fractions. @param {any} value @returns {string} */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

/**
 * Whether a requirement is set aside now, for these versions of what its rule was answered from.
 * @param {any} briefing @param {Said[]} said @param {string} code @param {string} needed as the file says it @param {Record<string, string>} versions @param {number} at @param {string} by who asks
 */
export function isSetAside(briefing, said, code, needed, versions, at, by) {
  /** @type {Map<string, Said>} */
  const standing = new Map();
  for (const one of said) {
    if (one.kind !== "override" || one.data.requirement !== code || one.at > at || !counts(briefing, one, versions, at)) continue;
    const person = personOf(one);
    if (!standing.has(person) || !one.data.ordered_by) standing.set(person, one);
  }
  return fill(needed.split("+").map((one) => one.trim()), [...standing.values()], briefing, by, 1);
}

/**
 * As what somebody may set a requirement aside: in a role that the file names, or as the second person, who counts where another one asks.
 * @param {any} briefing @param {string} needed as the file says it @param {string} person @returns {"role" | "second" | null} null: what they enter would count for nothing
 */
export function setsAsideAs(briefing, needed, person) {
  const staff = briefing.staff.find((/** @type {any} */ one) => one.person === person);
  const roles = needed.split("+").map((one) => one.trim());
  if (!staff?.counts) return null;
  if (staff.roles.some((/** @type {string} */ role) => roles.includes(role))) return "role";
  return roles.includes(SECOND_PERSON) ? "second" : null;
}

/** Verbal orders of somebody that they have not confirmed. @param {Said[]} said @param {string} person @returns {Said[]} */
export function ordersOf(said, person) {
  const confirmed = (/** @type {Said} */ order) => said.some((one) => one.kind === "override" && one.by === person && !one.data.ordered_by && one.about === order.id);
  return said.filter((one) => one.kind === "override" && one.data.ordered_by === person && !confirmed(one));
}

/** Whose decision an entry is. @param {Said} one @returns {string} */
function personOf(one) {
  return one.data.ordered_by ?? one.by;
}

/** @param {any} briefing @param {Said} one @param {Record<string, string>} versions @param {number} at */
function counts(briefing, one, versions, at) {
  const { entries, versions: seen, ordered_by: ordered } = one.data;
  const same = entries.length === Object.keys(versions).length && entries.every((/** @type {string} */ name, /** @type {number} */ place) => versions[name] === seen[place]);
  const staff = briefing.staff.find((/** @type {any} */ each) => each.person === personOf(one));
  return same && at - one.at <= HOLDS_FOR && ordered !== one.by && Boolean(staff?.counts);
}

/** @param {string[]} needed @param {Said[]} persons @param {any} briefing @param {string} by @param {number} verbal @returns {boolean} */
function fill(needed, persons, briefing, by, verbal) {
  if (!needed.length) return true;
  const [role, ...others] = needed;
  return persons.some((one) => {
    const spoken = one.data.ordered_by ? 1 : 0;
    if (spoken > verbal || !fits(role, one, briefing, by)) return false;
    return fill(others, persons.filter((other) => personOf(other) !== personOf(one)), briefing, by, verbal - spoken);
  });
}

/** @param {string} role @param {Said} one @param {any} briefing @param {string} by */
function fits(role, one, briefing, by) {
  if (role === SECOND_PERSON) return personOf(one) !== by && !one.data.ordered_by;
  return briefing.staff.find((/** @type {any} */ each) => each.person === personOf(one)).roles.includes(role);
}
