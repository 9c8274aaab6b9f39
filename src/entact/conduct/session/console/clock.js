// @ts-check
// The time of the study's server, as this device can tell it: its own clock less its measured lead.

// milliseconds by which the device's clock is ahead of the server's, and whether that was measured
let lead = 0;
let known = false;
let doubt = 0;
/** @type {{date: number, steady: number} | null} */
let seen = null;
// milliseconds between two clocks that are no hand's doing
const JUMP = 2000;

/**
 * Learns by how much the device's clock is ahead. An answer that took long (the device slept over it, or the network was
 * slow) says only between which two leads the true one lies: half of such a time would be an error of the clock.
 * @param {string} serverNow @param {number} asked @param {number} answered device times around the answer
 */
export function measure(serverNow, asked, answered) {
  const at = Date.parse(serverNow);
  if (known && answered - asked > JUMP) lead = Math.min(Math.max(lead, asked - at), answered - at);
  else {
    lead = Math.round((asked + answered) / 2 - at);
    doubt = 0;
  }
  known = true;
}

/** @param {number} before as it was measured then @param {number} device what the device's clock said when that was kept */
export function setLead(before, device = 0) {
  known = true;
  lead = before;
  if (Date.now() < device) doubt = Date.now() - device; // nothing but a hand puts a clock back
}

/**
 * Looks whether the device's clock was put to another time since the last look. Put back, the lead is mended: no
 * time goes back. Put forward looks like sleep: that is doubted until the server is reached or somebody says it.
 * @param {number} date @param {number} steady the two clocks of the device
 */
export function look(date, steady) {
  if (seen) {
    const jump = date - seen.date - (steady - seen.steady);
    if (jump < -JUMP) lead += jump;
    else if (jump > JUMP) doubt += jump;
  }
  seen = { date, steady };
}

/** Milliseconds by which the clock may have been put forward, or (less than none) was put back while closed. */
export function doubted() {
  return doubt;
}

/** Somebody says that the clock was put to another time by as much as is doubted, or that it was not. @param {boolean} wasPut */
export function settle(wasPut) {
  if (wasPut) lead += doubt;
  doubt = 0;
}

/** Whether an instant of the server lies after what this device takes for now, or it takes nothing for now yet. @param {string} serverNow */
export function isBehind(serverNow) {
  return !known || Date.parse(serverNow) > now();
}

export function leadNow() {
  return lead;
}

/** Milliseconds since 1970, by the server's clock. */
export function now() {
  return Date.now() - lead;
}

/** An instant as entries say it, with the offset of the site's zone. @param {number} at @param {string} zone */
export function rfc3339(at, zone) {
  const whole = Math.trunc(at / 1000) * 1000;
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(whole);
  /** @param {string} type */
  const part = (type) => parts.find((one) => one.type === type)?.value ?? "";
  const local = `${part("year").padStart(4, "0")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}:${part("second")}`;
  const ahead = Date.parse(`${local}Z`) - whole;
  const fraction = String(at - whole).padStart(3, "0");
  return `${local}.${fraction}${ahead < 0 ? "-" : "+"}${new Date(Math.abs(ahead)).toISOString().slice(11, 16)}`;
}

/** Hours and minutes on the site's clock. @param {number} at @param {string} zone */
export function hour(at, zone) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
}

/** The day on the site's clock. @param {number} at @param {string} zone */
export function day(at, zone) {
  return rfc3339(at, zone).slice(0, 10);
}

/** The instant at which the site's clock shows a day and a time; NaN where there is none. @param {string} date @param {string} time @param {string} zone */
export function instantOf(date, time, zone) {
  const shown = Date.parse(`${date}T${time}:00Z`);
  let at = shown;
  for (let turn = 0; turn < 2 && Number.isFinite(at); turn++) at += shown - Date.parse(`${rfc3339(at, zone).slice(0, 19)}Z`);
  return at;
}

/** An id that sorts by time (UUIDv7). @param {number} at */
export function newId(at) {
  const raw = crypto.getRandomValues(new Uint8Array(16));
  for (let place = 0; place < 6; place++) raw[place] = Math.trunc(at / 2 ** (8 * (5 - place))) & 255;
  raw[6] = (raw[6] & 15) | 112;
  raw[8] = (raw[8] & 63) | 128;
  const text = [...raw].map((one) => one.toString(16).padStart(2, "0")).join("");
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
}

/** A length of time as people say it. @param {number} milliseconds */
export function span(milliseconds) {
  const minutes = Math.floor(Math.abs(milliseconds) / 60_000);
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

/** When something was that the server noted by its own clock, in the time of the session: that of a rehearsal is another. @param {string} text @param {string} environment */
export function noted(text, environment) {
  return Date.parse(text) - (environment === "rehearsal" ? leadNow() : 0);
}
