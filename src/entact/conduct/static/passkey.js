// A form whose field "credential" is filled in by a passkey of this device before it is sent.

import { t } from "/static/words.js";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const words = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// What the server asks for, with bytes where it wrote words.
function readable(options) {
  const asked = { ...options, challenge: bytes(options.challenge) };
  if (options.user) asked.user = { ...options.user, id: bytes(options.user.id) };
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    if (options[list]) asked[list] = options[list].map((one) => ({ ...one, id: bytes(one.id) }));
  }
  return asked;
}

// What the device answers, with words in the place of bytes.
function sendable(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = words(credential.response[name]);
  }
  const { id, type } = credential;
  return { id, rawId: words(credential.rawId), type, response, clientExtensionResults: {} };
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const problem = form.querySelector("[data-problem]");
  let isFilled = false; // what stood in the field when the page came is of an earlier try
  const say = (text) => {
    problem.textContent = text;
    problem.hidden = !text;
  };
  form.addEventListener("submit", async (event) => {
    if (isFilled) return;
    event.preventDefault();
    say("");
    if (!window.PublicKeyCredential) return say(t`This browser knows no passkeys, or the page did not come by https.`);
    const { creation_options: made, request_options: shown } = JSON.parse(form.querySelector("script[type=\"application/json\"]").textContent);
    const publicKey = readable((made ?? shown).publicKey);
    try {
      const credential = await navigator.credentials[form.dataset.passkey]({ publicKey });
      form.elements.credential.value = JSON.stringify(sendable(credential));
    } catch (error) {
      const nowhere = error.name === "SecurityError" ? t`A passkey needs a name such as localhost, and no address.` : "";
      return say(`${t`Nothing was shown by a passkey (${error.name}).`} ${nowhere}`);
    }
    isFilled = true;
    form.requestSubmit(event.submitter);
  });
}
