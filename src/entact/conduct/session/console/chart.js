// @ts-check
// The readings of the session over time, with the study's limits and the person's own baseline: never what a model
// expects.

import { h } from "./dom.js";
import { coded, t } from "./words.js";

const WIDTH = 720;
const HEIGHT = 240;
const LEFT = 40;
const BOTTOM = 22;
const SIGNS = ["systolic", "diastolic", "heart_rate"];

/**
 * @param {import("./course.js").Said[]} said @param {{name: string, value: number}[]} limits
 * @param {number} from @param {number} until @param {(at: number) => string} hour
 */
export function chart(said, limits, from, until, hour) {
  const readings = said.filter((one) => one.form === "vitals" && one.values);
  const doses = said.filter((one) => one.kind === "dose" && one.data.taken > 0);
  const low = 40;
  const high = Math.max(200, ...readings.flatMap((one) => SIGNS.map((sign) => one.values?.[sign] ?? 0)));
  const x = (/** @type {number} */ at) => LEFT + ((at - from) / Math.max(until - from, 1)) * (WIDTH - LEFT - 8);
  const y = (/** @type {number} */ value) => 8 + (1 - (value - low) / (high - low)) * (HEIGHT - BOTTOM - 8);
  const svg = h("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": t`Vital signs of this session` });
  for (let value = 60; value <= high; value += 40) {
    svg.append(h("line", { class: "rule", x1: LEFT, x2: WIDTH - 8, y1: y(value), y2: y(value) }), h("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, value));
  }
  for (let at = Math.ceil(from / 36e5) * 36e5; at <= until; at += 36e5 * Math.max(1, Math.round((until - from) / 36e5 / 8))) {
    svg.append(h("text", { x: x(at), y: HEIGHT - 6, "text-anchor": "middle" }, hour(at)));
  }
  for (const limit of limits) svg.append(h("line", { class: `limit ${limit.name}`, x1: LEFT, x2: WIDTH - 8, y1: y(limit.value), y2: y(limit.value) }));
  for (const dose of doses) {
    svg.append(h("line", { class: "dose", x1: x(dose.at), x2: x(dose.at), y1: 8, y2: HEIGHT - BOTTOM }), h("text", { class: "dose", x: x(dose.at) + 4, y: 18 }, coded(dose.data.part)));
  }
  for (const sign of SIGNS) {
    const points = readings.flatMap((one) => (typeof one.values?.[sign] === "number" ? [[x(one.at), y(one.values[sign])]] : []));
    if (!points.length) continue;
    const baseline = points[0][1];
    svg.append(h("line", { class: `baseline ${sign}`, x1: LEFT, x2: WIDTH - 8, y1: baseline, y2: baseline }));
    svg.append(h("polyline", { class: sign, points: points.map((one) => one.join(",")).join(" ") }));
    for (const [cx, cy] of points) svg.append(h("circle", { class: sign, cx, cy, r: 4 }));
  }
  return svg;
}
