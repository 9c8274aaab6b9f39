// @ts-check
// Readings by Web Bluetooth: the bytes that a device sends, as the GATT Specification Supplement lays them out, with
// numbers of IEEE 11073-20601. Nothing is saved here: a person looks at what is read, and saves it.

import { t } from "./words.js";

/** @typedef {{signs: Record<string, [number, string]>, doubts: string[], at: string}} Reading values with their units; `at` by the device's own clock, where it says one */

/** A 16-bit number; null where it says that it is none. @param {DataView} view @param {number} at */
export const sfloat = (view, at) => number(view.getUint16(at, true), 12, 4);

/** A 32-bit number. @param {DataView} view @param {number} at */
export const float = (view, at) => number(view.getUint32(at, true), 24, 8);

/** @param {number} raw @param {number} width of the mantissa, in bits @param {number} above those of the exponent */
function number(raw, width, above) {
  const signed = (/** @type {number} */ value, /** @type {number} */ bits) => (value < 2 ** (bits - 1) ? value : value - 2 ** bits);
  if (Math.abs(raw - 2 ** (width - 1)) <= 2) return null; // no number, not at this resolution, infinite, reserved
  return Number(`${signed(raw % 2 ** width, width)}e${signed(Math.floor(raw / 2 ** width), above)}`);
}

/** @param {DataView} view @param {number} at */
function time(view, at) {
  const two = (/** @type {number} */ place) => String(view.getUint8(at + place)).padStart(2, "0");
  return `${view.getUint16(at, true)}-${two(2)}-${two(3)}T${two(4)}:${two(5)}:${two(6)}`;
}

/** Only what was measured. @param {Record<string, [number | null, string]>} all @param {string[]} doubts @param {string} at @returns {Reading} */
function reading(all, doubts = [], at = "") {
  return { signs: /** @type {any} */ (Object.fromEntries(Object.entries(all).filter(([, [value]]) => value !== null))), doubts, at };
}

const OF_PRESSURE = () => [t`the body moved`, t`the cuff was too loose`, t`the pulse was irregular`, t`the pulse was too fast to measure`, t`the pulse was too slow to measure`, t`the arm was held wrong`];

/** Blood Pressure Measurement (0x2A35). @param {DataView} view */
export function pressure(view) {
  const flags = view.getUint8(0);
  const unit = flags & 1 ? "kPa" : "mm[Hg]";
  let at = 7;
  const taken = flags & 2 ? time(view, at) : "";
  if (flags & 2) at += 7;
  const rate = flags & 4 ? sfloat(view, at) : null;
  if (flags & 4) at += 2;
  if (flags & 8) at += 1; // whose it is, by the device's count
  const status = flags & 16 ? view.getUint16(at, true) : 0;
  return reading({ systolic: [sfloat(view, 1), unit], diastolic: [sfloat(view, 3), unit], heart_rate: [rate, "/min"] }, OF_PRESSURE().filter((_, bit) => status & (1 << bit)), taken);
}

/** Temperature Measurement (0x2A1C). @param {DataView} view */
export function temperature(view) {
  const flags = view.getUint8(0);
  return reading({ temperature: [float(view, 1), flags & 1 ? "[degF]" : "Cel"] }, [], flags & 2 ? time(view, 5) : "");
}

// assumption: by bit of the measurement status; it does no more than raise a doubt
/** @returns {[number, string][]} */
const OF_OXYGEN = () => [[10, t`the device says: for demonstration`], [11, t`the device says: for testing`], [14, t`the device doubts it`], [15, t`the device says that it is not valid`]];

/** PLX Spot-check (0x2A5E) and Continuous (0x2A5F) Measurement. @param {DataView} view */
export function oximetry(view, isSpot = true) {
  const flags = view.getUint8(0);
  const taken = isSpot && flags & 1 ? time(view, 5) : "";
  const before = isSpot ? (flags & 1 ? 7 : 0) : (flags & 1 ? 4 : 0) + (flags & 2 ? 4 : 0);
  const status = flags & (isSpot ? 2 : 4) ? view.getUint16(5 + before, true) : 0;
  return reading({ oxygen_saturation: [sfloat(view, 1), "%"], heart_rate: [sfloat(view, 3), "/min"] }, OF_OXYGEN().filter(([bit]) => status & (1 << bit)).map(([, said]) => said), taken);
}

/** What can be read: its service, its characteristics, and how. @type {{title: string, name: string, service: number, from: Record<number, (view: DataView) => Reading>}[]} */
export const SORTS = [
  { title: t`Blood pressure monitor`, name: "Blood pressure monitor", service: 0x1810, from: { 0x2a35: pressure } },
  { title: t`Thermometer`, name: "Thermometer", service: 0x1809, from: { 0x2a1c: temperature } },
  { title: t`Pulse oximeter`, name: "Pulse oximeter", service: 0x1822, from: { 0x2a5e: oximetry, 0x2a5f: (view) => oximetry(view, false) } },
];

/**
 * The last reading that a device sends until it is quiet: one that keeps older ones sends these first.
 * @param {typeof SORTS[number]} sort @param {number} patience milliseconds until it says anything @param {number} quiet milliseconds without another
 * @returns {Promise<Reading & {name: string}>}
 */
export async function read(sort, patience = 90_000, quiet = 1500) {
  const device = await /** @type {any} */ (navigator).bluetooth.requestDevice({ filters: [{ services: [sort.service] }] });
  try {
    const service = await (await device.gatt.connect()).getPrimaryService(sort.service);
    /** @type {Reading} */
    const last = await new Promise((resolve, reject) => {
      let timer = setTimeout(() => reject(new Error(t`it sent nothing`)), patience);
      for (const one of Object.keys(sort.from).map(Number)) {
        void service.getCharacteristic(one).then((/** @type {any} */ found) => {
          found.addEventListener("characteristicvaluechanged", () => {
            clearTimeout(timer);
            try {
              const said = sort.from[one](found.value);
              timer = setTimeout(() => resolve(said), quiet);
            } catch {
              reject(new Error(t`what it sent could not be read`));
            }
          });
          return found.startNotifications();
        }).catch((/** @type {any} */ error) => error.name === "NotFoundError" || reject(error));
      }
    });
    return { ...last, name: device.name || sort.name };
  } finally {
    device.gatt.disconnect();
  }
}
