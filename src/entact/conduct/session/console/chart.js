// @ts-check
// The readings of the session over time, with the study's limits and the person's own baseline: never what a model
// expects.

import { h } from "./dom.js";
import { coded, t } from "./words.js";

const HEIGHT = 240;
const LEFT = 40;
const BOTTOM = 22;
const SIGNS = ["systolic", "diastolic", "heart_rate"];

/** The shape of a sign, as its points are drawn: in a dark room colours alone do not tell them apart. @param {string} sign @param {number} x @param {number} y @returns {any} */
function point(sign, x, y) {
  if (sign === "systolic") return h("circle", { class: `${sign} full`, cx: x, cy: y, r: 4 });
  return sign === "diastolic" ? h("circle", { class: sign, cx: x, cy: y, r: 4 }) : h("polygon", { class: sign, points: `${x},${y - 5.5} ${x + 5},${y + 4} ${x - 5},${y + 4}` });
}

/** The mark of a sign beside its name; null for one that is not drawn. @param {string} sign */
export function markOf(sign) {
  return SIGNS.includes(sign) ? h("svg", { viewBox: "0 0 22 12", class: "mark", "aria-hidden": "true" }, h("line", { class: sign, x1: 0, x2: 22, y1: 6, y2: 6 }), point(sign, 11, 6)) : null;
}

/**
 * @param {import("./course.js").Said[]} said @param {{name: string, value: number}[]} limits
 * @param {number} from @param {number} until @param {(at: number) => string} hour
 */
export function chart(said, limits, from, until, hour) {
  const readings = said.filter((one) => one.form === "vitals" && one.values);
  const doses = said.filter((one) => one.kind === "dose" && one.data.taken > 0);
  const low = 40;
  const width = Math.min(720, Math.max(300, innerWidth - 70)); // about as wide as it stands there: what is written in it can be read
  const high = Math.max(200, ...readings.flatMap((one) => SIGNS.map((sign) => one.values?.[sign] ?? 0)));
  const x = (/** @type {number} */ at) => LEFT + ((at - from) / Math.max(until - from, 1)) * (width - LEFT - 8);
  const y = (/** @type {number} */ value) => 8 + (1 - (value - low) / (high - low)) * (HEIGHT - BOTTOM - 8);
  const svg = h("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": t`Vital signs of this session` });
  for (let value = 60; value <= high; value += 40) {
    svg.append(h("line", { class: "rule", x1: LEFT, x2: width - 8, y1: y(value), y2: y(value) }), h("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, value));
  }
  for (let at = Math.ceil(from / 36e5) * 36e5; at <= until; at += 36e5 * Math.max(1, Math.ceil((until - from) / 36e5 / (width / 80)))) {
    svg.append(h("text", { x: x(at), y: HEIGHT - 6, "text-anchor": "middle" }, hour(at)));
  }
  for (const limit of limits) svg.append(h("line", { class: `limit ${limit.name}`, x1: LEFT, x2: width - 8, y1: y(limit.value), y2: y(limit.value) }));
  for (const dose of doses) {
    svg.append(h("line", { class: "dose", x1: x(dose.at), x2: x(dose.at), y1: 8, y2: HEIGHT - BOTTOM }), h("text", { class: "dose", ...(x(dose.at) > width - 100 ? { x: x(dose.at) - 4, "text-anchor": "end" } : { x: x(dose.at) + 4 }), y: 18 }, coded(dose.data.part)));
  }
  for (const sign of SIGNS) {
    const points = readings.flatMap((one) => (typeof one.values?.[sign] === "number" ? [[x(one.at), y(one.values[sign])]] : []));
    if (!points.length) continue;
    const baseline = points[0][1];
    svg.append(h("line", { class: `baseline ${sign}`, x1: LEFT, x2: width - 8, y1: baseline, y2: baseline }));
    svg.append(h("polyline", { class: sign, points: points.map((one) => one.join(",")).join(" ") }));
    for (const [x, y] of points) svg.append(point(sign, x, y));
  }
  return svg;
}
