// An emergency unblinding: this browser makes a key that never leaves it, and alone reads the answer.
// The server passes on what it cannot read; nothing of it is kept here.

import { t } from "/static/words.js";

const form = document.querySelector("[data-emergency]");
const PATIENCE = 30; // seconds, after which the code-break is the quicker way
const PUBLIC = 32;
const NONCE = 12;

if (form) form.addEventListener("submit", submitted);

async function submitted(event) {
  if (event.submitter?.value !== "here") return; // the code-break: an ordinary form
  event.preventDefault();
  const button = event.submitter;
  button.disabled = true;
  say("");
  try {
    const own = await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]);
    form.elements.key.value = hex(await crypto.subtle.exportKey("raw", own.publicKey));
    const body = new FormData(form);
    body.set("means", "here");
    const response = await fetch(location.pathname, { method: "POST", body });
    const entered = await response.json().catch(() => ({ problem: t`Nothing was entered: sign in and try again.` }));
    if (!response.ok) return say(entered.problem);
    form.hidden = true;
    await wait(own.privateKey, entered);
  } catch {
    say(t`No answer from here. Open the sealed code-break: it needs no network.`);
  } finally {
    button.disabled = false;
  }
}

async function wait(key, { entry, answer }) {
  const waiting = document.querySelector("[data-waiting]");
  waiting.hidden = false;
  for (let second = 0; ; second += 1) {
    if (second === PATIENCE) {
      form.hidden = false;
      say(t`No answer yet. Open the sealed code-break; the page goes on asking.`);
    }
    waiting.querySelector("[data-seconds]").textContent = second > 2 ? `${second} s` : "";
    const found = await fetch(answer).then((response) => response.json()).catch(() => null);
    if (found?.refused) {
      waiting.hidden = true;
      form.hidden = false;
      return say(found.refused);
    }
    if (found?.sealed) {
      const told = await opened(key, entry, bytes(found.sealed));
      waiting.hidden = true;
      form.hidden = true;
      say("");
      return show(told);
    }
    await new Promise((done) => setTimeout(done, 1000));
  }
}

async function opened(key, entry, sealed) {
  const text = new TextEncoder();
  const from = await crypto.subtle.importKey("raw", sealed.slice(0, PUBLIC), { name: "X25519" }, false, []);
  const shared = await crypto.subtle.deriveBits({ name: "X25519", public: from }, key, 256);
  const material = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const info = text.encode(`entact unblinding ${entry}`);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info };
  const secret = await crypto.subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
  const iv = sealed.slice(PUBLIC, PUBLIC + NONCE);
  const options = { name: "AES-GCM", iv, additionalData: text.encode(entry) };
  const plain = await crypto.subtle.decrypt(options, secret, sealed.slice(PUBLIC + NONCE));
  return JSON.parse(new TextDecoder().decode(plain));
}

function show({ number, arm }) {
  const arms = JSON.parse(document.getElementById("arms").textContent);
  const answer = document.querySelector("[data-answer]");
  answer.querySelector("[data-number]").textContent = number;
  answer.querySelector("[data-arm]").textContent = arms[arm] ?? arm;
  answer.hidden = false;
}

function say(problem) {
  const panel = document.querySelector("[data-problem]");
  panel.querySelector("p").textContent = problem;
  panel.hidden = !problem;
  if (problem) panel.scrollIntoView({ block: "nearest" });
}

function hex(buffer) {
  return [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
