// A form while it is being filled in: what is asked, found, calculated and converted follows each change.
// All of it is judged by the server, by the same rules as what is kept; without it the form still saves.

import { keepDrafts } from "/static/drafts.js";
import { t } from "/static/words.js";

const form = document.querySelector("[data-form][data-draft]");
const AWAY = 300000; // milliseconds without a change, after which nobody is there: a session left alone still ends
const HERE = 15000; // milliseconds, in which a page that is open says that it is, and hears who else is there
const AGE = "age:";
const WAIT = 300; // milliseconds without a change, after which the server is asked

if (form) begin(form);

function begin(form) {
  let timer = 0;
  let turn = 0;
  const state = form.querySelector("[data-state]");
  let drafts = null;
  let touched = false;
  let moved = Date.now();
  const typed = new Map(); // name of a time -> when it was written: what was 10 minutes ago then is longer ago now
  keepDrafts(form, state, look, () => touched, typed).then((kept) => {
    drafts = kept;
    if (touched) drafts?.keep();
  });

  async function look() {
    if (!form.dataset.look) return;
    const mine = ++turn;
    let answer;
    try {
      const body = bodyOf(form, typed);
      for (const name of [...body.keys()]) if (name.startsWith("upload:")) body.delete(name);
      answer = await fetch(form.dataset.look + location.search, { method: "POST", body });
    } catch {
      return; // no network: nothing is lost, and saving says so
    }
    if (!answer.ok || answer.redirected || mine !== turn) return; // signed out meanwhile: saving asks for it
    show(await answer.json());
  }

  function show(found) {
    for (const [place, said] of Object.entries(found.fields)) {
      const field = form.querySelector(`[data-field="${CSS.escape(place)}"]`);
      if (!field) continue;
      if (!field.contains(document.activeElement)) field.hidden = said.hidden;
      const notes = field.querySelector(":scope > [data-notes]");
      notes.replaceChildren(...said.notes.map(note));
      field.classList.toggle("found", said.notes.length > 0);
      const shown = field.querySelector("[data-shown]");
      if (shown) shown.textContent = said.shown || "–";
      const conversion = field.querySelector("[data-conversion]");
      if (conversion) conversion.textContent = said.conversion;
    }
    form.querySelectorAll("[data-section]").forEach((section, place) => {
      if (place < found.sections.length) section.hidden = found.sections[place];
    });
    const others = document.querySelector("[data-others]");
    if (others && found.others !== undefined) {
      others.textContent = found.others;
      others.hidden = !found.others;
    }
    const scores = document.querySelector("[data-scores]");
    if (scores) scores.replaceChildren(...found.scores.map(score));
  }

  form.addEventListener("input", (event) => {
    touched = true;
    moved = Date.now();
    one(event.target);
    if ("time" in event.target.dataset) typed.set(event.target.name, Date.now());
    state.textContent = t`Changed, and not saved yet.`;
    drafts?.keep();
    clearTimeout(timer);
    timer = setTimeout(look, WAIT);
  });
  form.querySelectorAll("[data-rows]").forEach(rows);
  setInterval(() => document.visibilityState === "visible" && Date.now() - moved < AWAY && look(), HERE);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(form, state, drafts, typed);
  });
}

// Saved is what the record has taken: only then does the page show it, from the record.
async function save(form, state, drafts, typed) {
  const left = document.activeElement;
  const body = bodyOf(form, typed);
  form.inert = true; // what is typed now would be neither in what is sent nor in the draft
  state.textContent = t`Saving …`;
  try {
    const answer = await fetch(location.href.split("#")[0], { method: "POST", body, headers: { "X-Entact-Draft": "1" } });
    if (answer.redirected) {
      location.assign(answer.url); // signed out meanwhile: the draft waits
      return;
    }
    if (answer.ok) {
      const { saved } = await answer.json();
      await drafts?.letGo();
      location.assign(saved);
      return;
    }
    if (answer.status === 409 || answer.status === 422) {
      form.inert = false;
      for (const [name, value] of body) if (name.startsWith(AGE)) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
      form.submit(); // nothing was written: the page says why, and what was entered is on it
      return;
    }
    state.textContent = t`Not saved: the server did not take it. What you entered is still here, as a draft.`;
  } catch {
    state.textContent = t`Not saved: no connection. What you entered is kept here as a draft; save again.`;
  }
  form.inert = false;
  left?.focus();
}

// What the form holds, with how many seconds ago each time was written.
function bodyOf(form, typed) {
  const body = new FormData(form);
  for (const [name, at] of typed) body.set(AGE + name, String(Math.max(0, Math.round((Date.now() - at) / 1000))));
  return body;
}

function note([message, unusual]) {
  const line = document.createElement("p");
  line.className = `flag ${unusual ? "look" : "warn"}`;
  line.textContent = message;
  return line;
}

function score([label, value]) {
  const line = document.createElement("div");
  line.append(Object.assign(document.createElement("dt"), { textContent: label }));
  line.append(Object.assign(document.createElement("dd"), { textContent: value }));
  return line;
}

// An answer and "no answer" exclude each other, as do choices and "none of these".
function one(control) {
  const field = control.closest("[data-field]");
  if (!field || !control.name) return;
  const own = (name) => field.querySelectorAll(`[name^="${name}"]`);
  if (control.name.startsWith("none:") && control.checked) {
    own("item:").forEach((other) => other.type === "checkbox" && (other.checked = false));
  } else if (control.name.startsWith("item:") && control.type === "checkbox" && control.checked) {
    own("none:").forEach((other) => (other.checked = false));
  }
}

// The row that waits at the end becomes one of many as soon as something stands in it.
function rows(group) {
  const template = group.querySelector(":scope > template");
  const extra = group.querySelector(":scope > .extra");
  extra.hidden = group.querySelectorAll(":scope > .row:not(.extra)").length > 0 || !!group.querySelector('[name^="none:"]:checked');
  const add = document.createElement("button");
  add.type = "button";
  add.className = "plain";
  add.dataset.add = "";
  add.textContent = t`Add a row`;
  add.addEventListener("click", () => {
    if (extra.hidden) {
      extra.hidden = false;
    } else {
      const row = extra.cloneNode(false);
      const number = 1 + Math.max(...[...group.querySelectorAll('[name^="item:"]')].map((one) => Number(one.name.split(":")[2]) || 0));
      const inner = template.innerHTML.replaceAll(`${group.dataset.rows}:0:`, `${group.dataset.rows}:${number}:`).replaceAll(`f-${group.dataset.rows}-0-`, `f-${group.dataset.rows}-${number}-`);
      const legend = Object.assign(document.createElement("legend"), { textContent: t`One more` });
      row.replaceChildren(legend);
      row.insertAdjacentHTML("beforeend", inner);
      group.insertBefore(row, group.querySelector(":scope > .none"));
      row.querySelector("input, select, textarea").focus();
      return;
    }
    extra.querySelector("input, select, textarea").focus();
  });
  group.append(add);
}
