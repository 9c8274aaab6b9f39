// @ts-check
// Rules of the study file on the device: trees that the server has checked (protocol/portable.py), answered as
// the server answers them. Logic is Kleene's: what is missing stays unknown unless the rest decides.
//
// In here a whole number is a BigInt, a duration an object with its nanoseconds, so that neither is taken for a
// double. tests/protocol/test_portable.py holds both evaluators to the same answers.

/** @typedef {"bool" | "int" | "double" | "string" | "duration" | "list[string]"} Kind */
/** @typedef {{nanoseconds: bigint}} Duration */
/** @typedef {boolean | bigint | number | string | Duration | unknown[]} Value */
/** @typedef {[string, ...any[]]} Node */
/** @typedef {{text: string, returns: Kind, names: Record<string, Kind>, calls: Record<string, Kind>, tree: Node}} Rule */
/** @typedef {{value: any} | {unknown: string[]} | {error: string}} Answer */

const INT64 = 2n ** 63n;
const LONGEST = 315_576_000_000_999_999_999n; // nanoseconds: ten thousand years, as CEL has it
const TROUBLE = Symbol("missing, or no value"); // what a part gives that nobody knows, or that cannot be computed

class NotDeclared extends Error {}

/**
 * What a rule says: a value, or what is missing, or that it cannot be evaluated though nothing is.
 * @param {Rule} rule
 * @param {Record<string, unknown>} values by name; absent or null: unknown. Durations in seconds.
 * @param {Record<string, unknown>} facts by the text of a call.
 * @returns {Answer}
 */
export function evaluate(rule, values, facts = {}) {
  /** @type {Map<string, Value>} */
  const known = new Map();
  const missing = [];
  try {
    for (const [kinds, given] of /** @type {const} */ ([[rule.names, values], [rule.calls, facts]])) {
      for (const [name, kind] of Object.entries(kinds)) {
        const value = Object.hasOwn(given, name) ? given[name] : undefined;
        if (value === undefined || value === null) missing.push(name);
        else known.set(name, taken(kind, value, name));
      }
    }
  } catch (error) {
    if (error instanceof NotDeclared) return { error: error.message };
    throw error;
  }
  const answer = answerOf(rule.tree, known);
  const infinite = typeof answer === "number" && !Number.isFinite(answer);
  if (answer !== TROUBLE && !infinite) return { value: given(/** @type {Value} */ (answer)) };
  return missing.length ? { unknown: missing.sort() } : { error: `${rule.text} cannot be evaluated` };
}

/**
 * A value as it is reckoned with.
 * @param {Kind} kind @param {unknown} value @param {string} name @returns {Value}
 */
function taken(kind, value, name) {
  if (kind === "bool" && typeof value === "boolean") return value;
  if (kind === "int" && typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (kind === "double" && typeof value === "number" && Number.isFinite(value)) return value;
  if (kind === "string" && typeof value === "string" && sound(value)) return value;
  if (kind === "duration" && typeof value === "number" && Number.isFinite(value)) {
    return { nanoseconds: BigInt(Math.round(value * 1e6)) * 1000n };
  }
  if (kind === "list[string]" && Array.isArray(value) && value.every((one) => typeof one === "string" && sound(one))) {
    return value;
  }
  throw new NotDeclared(`${name} is ${JSON.stringify(value)}, but another kind of value is declared`);
}

/** Whether a text is one: no NUL, no half of a pair. @param {string} text */
function sound(text) {
  return !text.includes("\0") && !/[\ud800-\udfff]/u.test(text);
}

/** A value as JSON has it: whole numbers too large for its numbers as text, durations in seconds. @param {Value} value */
function given(value) {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (isDuration(value)) return Number(value.nanoseconds / 1000n) / 1e6;
  return value;
}

/** @param {unknown} value @returns {value is Duration} */
function isDuration(value) {
  return typeof value === "object" && value !== null && "nanoseconds" in value;
}

/** @param {Node} node @param {Map<string, Value>} known @returns {Value | typeof TROUBLE} */
function answerOf(node, known) {
  const [operator, ...parts] = node;
  switch (operator) {
    case "name":
    case "call":
      return known.get(parts[0]) ?? TROUBLE;
    case "bool":
    case "double":
    case "string":
      return parts[0];
    case "int":
      return BigInt(parts[0]);
    case "duration":
      return { nanoseconds: BigInt(parts[0]) };
    case "&&":
    case "||":
      return decided(operator === "||", parts, known);
    case "?:": {
      const condition = answerOf(parts[0], known);
      return condition === TROUBLE ? TROUBLE : answerOf(parts[condition ? 1 : 2], known);
    }
  }
  const values = parts.map((part) => answerOf(part, known));
  return values.includes(TROUBLE) ? TROUBLE : applied(operator, /** @type {any[]} */ (values));
}

/**
 * A row of && or ||: one part can decide it, whatever is missing of the others.
 * @param {boolean} deciding @param {Node[]} parts @param {Map<string, Value>} known
 */
function decided(deciding, parts, known) {
  const values = parts.map((part) => answerOf(part, known));
  if (values.includes(deciding)) return deciding;
  return values.includes(TROUBLE) ? TROUBLE : !deciding;
}

/** @param {string} operator @param {any[]} values @returns {Value | typeof TROUBLE} */
function applied(operator, values) {
  const [one, other] = values;
  switch (operator) {
    case "!":
      return !one;
    case "list":
      return values;
    case "==":
      return same(one, other);
    case "!=":
      return !same(one, other);
    case "in":
      return other.some((/** @type {Value} */ member) => same(one, member));
    case "size":
      return BigInt(one.length);
    case "to_double":
      return Number(one);
    case "to_int":
      return one > -(2 ** 63) && one < 2 ** 63 ? BigInt(Math.trunc(one)) : TROUBLE;
  }
  if (isDuration(one)) return ofDurations(operator, one.nanoseconds, other?.nanoseconds);
  return typeof one === "bigint" ? ofInts(operator, one, other) : ofDoubles(operator, one, other);
}

/** @param {any} one @param {any} other @returns {boolean} */
function same(one, other) {
  if (isDuration(one)) return one.nanoseconds === other.nanoseconds;
  if (Array.isArray(one)) return one.length === other.length && one.every((each, place) => same(each, other[place]));
  return one === other;
}

/** @param {string} operator @param {bigint} one @param {bigint} other */
function ofDurations(operator, one, other) {
  const answer = operator === "minus" ? undefined : compared(operator, one, other);
  if (answer !== undefined) return answer;
  const nanoseconds = operator === "+" ? one + other : one - other;
  return nanoseconds <= LONGEST && nanoseconds >= -LONGEST ? { nanoseconds } : TROUBLE;
}

/** @param {string} operator @param {bigint} one @param {bigint} other */
function ofInts(operator, one, other) {
  const answer = compared(operator, one, other);
  if (answer !== undefined) return answer;
  if ((operator === "/" || operator === "%") && other === 0n) return TROUBLE;
  const result = reckoned(operator, one, other);
  return result < INT64 && result >= -INT64 ? result : TROUBLE;
}

/** @param {string} operator @param {number} one @param {number} other */
function ofDoubles(operator, one, other) {
  const answer = compared(operator, one, other);
  if (answer !== undefined) return answer;
  return reckoned(operator, one, other);
}

/** @param {string} operator @param {any} one @param {any} other @returns {any} */
function reckoned(operator, one, other) {
  switch (operator) {
    case "+":
      return one + other;
    case "-":
      return one - other;
    case "*":
      return one * other;
    case "/":
      return one / other;
    case "%":
      return one % other;
  }
  return -one;
}

/** @param {string} operator @param {any} one @param {any} other @returns {boolean | undefined} */
function compared(operator, one, other) {
  switch (operator) {
    case "<":
      return one < other;
    case "<=":
      return one <= other;
    case ">":
      return one > other;
    case ">=":
      return one >= other;
  }
  return undefined;
}
