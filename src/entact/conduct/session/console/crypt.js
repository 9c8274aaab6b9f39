// @ts-check
// What lies on the device: entries sealed to a key that only the server opens, and the state under each person's
// PIN. The console itself cannot open what waits to be sent.

const ROUNDS = 600_000; // of PBKDF2: a PIN is short
const INFO = new TextEncoder().encode("entact session 1");

/** @param {string} text */
export function bytes(text) {
  return new TextEncoder().encode(text);
}

/** @param {ArrayBuffer | Uint8Array} raw */
export function base64(raw) {
  let text = "";
  for (const one of new Uint8Array(raw)) text += String.fromCharCode(one);
  return btoa(text);
}

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
export function unbase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/**
 * A box that only the server opens: the entry and by whose grant it was written.
 * @param {string} serverKey @param {string} id @param {string} grant @param {string} entry
 */
export async function seal(serverKey, id, grant, entry) {
  const to = await crypto.subtle.importKey("raw", unbase64(serverKey), { name: "X25519" }, false, []);
  const pair = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey({ name: "X25519" }, true, ["deriveBits"]));
  const shared = await crypto.subtle.deriveBits({ name: "X25519", public: to }, pair.privateKey, 256);
  const material = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: INFO };
  const key = await crypto.subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const options = { name: "AES-GCM", iv, additionalData: bytes(id) };
  const sealed = await crypto.subtle.encrypt(options, key, bytes(JSON.stringify({ grant, entry })));
  const own = await crypto.subtle.exportKey("raw", pair.publicKey);
  return { id, key: base64(own), nonce: base64(iv), sealed: base64(sealed) };
}

/** A key for the state of one session. */
export async function newKey() {
  return crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt", "decrypt"]);
}

/** @param {CryptoKey} key @param {unknown} value */
export async function close(key, value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, sealed: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, bytes(JSON.stringify(value))) };
}

/** @param {CryptoKey} key @param {{iv: Uint8Array<ArrayBuffer>, sealed: ArrayBuffer}} closed */
export async function open(key, closed) {
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: closed.iv }, key, closed.sealed);
  return JSON.parse(new TextDecoder().decode(plain));
}

/** The state's key under somebody's PIN. @param {CryptoKey} key @param {string} pin */
export async function wrap(key, pin) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const raw = base64(await crypto.subtle.exportKey("raw", key));
  return { salt, ...(await close(await keyOf(pin, salt), raw)) };
}

/** The state's key, or null where the PIN is wrong. @param {any} wrapped @param {string} pin */
export async function unwrap(wrapped, pin) {
  try {
    const raw = await open(await keyOf(pin, wrapped.salt), wrapped);
    return await crypto.subtle.importKey("raw", unbase64(raw), "AES-GCM", true, ["encrypt", "decrypt"]);
  } catch {
    return null;
  }
}

/** @param {string} pin @param {Uint8Array<ArrayBuffer>} salt */
async function keyOf(pin, salt) {
  const material = await crypto.subtle.importKey("raw", bytes(pin), "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS };
  return crypto.subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}
