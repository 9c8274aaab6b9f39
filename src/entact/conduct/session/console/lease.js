// @ts-check
// The dosing lease: in a session one device gives doses. It is asked of the server, kept on this device, and holds up
// nothing but the button that gives: what was done can always be recorded.

import { t } from "./words.js";

/** @typedef {{device: string, person: string, since: string, wanted: string | null, wanted_by: string | null, stamp: string}} Lease */

/** A name of this device, made once. @returns {string} */
export function deviceName() {
  let name = localStorage.getItem("entact-device");
  if (!name) {
    name = `console-${[...crypto.getRandomValues(new Uint8Array(5))].map((one) => one.toString(16).padStart(2, "0")).join("")}`;
    localStorage.setItem("entact-device", name);
  }
  return name;
}

/**
 * Why this device does not give doses; empty where it does.
 * @param {Lease | null} lease @param {string} device @param {(since: string) => string} hour
 */
export function against(lease, device, hour) {
  if (lease?.device === device) return "";
  if (!lease) return t`This device has no dosing lease: one device gives doses in a session, so that two do not.`;
  return t`Another device gives the doses of this session: ${lease.person} took it at ${hour(lease.since)}.`;
}

/** Whether another device asks this one for it. @param {Lease | null} lease @param {string} device */
export function isWanted(lease, device) {
  return lease?.device === device && lease.wanted !== null;
}

/** @param {string} address of the briefing @param {"take" | "ask" | "release" | "force" | "leave"} want @param {string} device @returns {Promise<Lease | null>} */
export async function change(address, want, device) {
  const response = await fetch(address.replace(/briefing\/$/, "lease/"), { method: "POST", redirect: "manual", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ want, device }), signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()).lease;
}
