// The draft of a form: kept on each change, brought back when the page is opened again, and marked as one until
// the record holds what it says. What counts as saved is what the page from the record shows, and nothing else.

import { openOutbox } from "/static/outbox.js";
import { t } from "/static/words.js";

// Fields of the page, not of who fills it in.
const ASIDE = new Set(["csrfmiddlewaretoken", "head", "entry", "shown"]);
// Fields that a saved form has no more: of the entry that was made, not of what it holds.
const ONCE = /^(when$|reason|which:)/;

export async function keepDrafts(form, state, changed, touched, typed) {
  const outbox = await openOutbox(form.dataset.draft).catch(() => null);
  if (!outbox) return null; // a browser that keeps nothing: the form works without
  const name = `${form.dataset.person} ${location.pathname}${location.search}`;
  let writing = Promise.resolve();
  let turn = 0;

  const found = await outbox.find(name).catch(() => null);
  if (found && !touched()) {
    if (same(found.fields, fieldsOf(form))) {
      await outbox.remove(name); // it is in the record
    } else {
      restore(form, found.fields);
      for (const [time, at] of found.typed ?? []) typed.set(time, at);
      if (form.elements.head) form.elements.head.value = found.head; // what came into the record since is then seen as such
      notice(form, found.at, async () => {
        await outbox.remove(name);
        location.reload();
      });
      state.textContent = t`This is a draft, and not saved yet.`;
      changed();
    }
  }

  return {
    // Keeps what stands in the form now; changes that follow fast are written one after another.
    keep() {
      const mine = ++turn;
      const value = { fields: fieldsOf(form), typed: [...typed], head: form.elements.head?.value, at: new Date().toISOString() };
      writing = writing.then(async () => {
        if (mine !== turn) return;
        await outbox.keep(name, value);
        state.textContent = t`Draft kept on this device, not saved yet.`;
      }).catch(() => (state.textContent = t`Changed, and not saved yet.`));
      return writing;
    },
    // The record holds what was sent, and the server has said so: there is nothing left to keep.
    async letGo() {
      turn++; // what still waits to be written is the same
      await writing;
      await outbox.remove(name).catch(() => null); // then it is compared when the page is opened again
    },
  };
}

function fieldsOf(form) {
  return [...new FormData(form)].filter(([name, value]) => !ASIDE.has(name) && typeof value === "string" && value !== "");
}

function same(one, other) {
  const without = (fields) => JSON.stringify(fields.filter(([name]) => !ONCE.test(name)).map(([name, value]) => [name, value.replaceAll("\r\n", "\n")]).sort());
  return without(one) === without(other);
}

function restore(form, fields) {
  const rows = new Map();
  for (const [name] of fields) {
    const [, item, number, cell] = name.split(":");
    if (cell !== undefined) rows.set(item, Math.max(rows.get(item) ?? 0, Number(number)));
  }
  for (const [item, number] of rows) {
    const group = form.querySelector(`[data-rows="${CSS.escape(item)}"]`);
    for (let tries = 0; group && tries < 200 && !group.querySelector(`[name^="item:${CSS.escape(item)}:${number}:"]`); tries++) group.querySelector("[data-add]")?.click();
  }
  for (const control of form.querySelectorAll("input, select, textarea")) {
    if (!control.name || ASIDE.has(control.name) || control.type === "hidden") continue;
    const said = fields.filter(([name]) => name === control.name).map(([, value]) => value);
    if (control.type === "radio") control.checked = said[0] === control.value;
    else if (control.type === "checkbox") control.checked = said.includes(control.value);
    else control.value = said[0] ?? "";
  }
}

const MONTHS = [t`Jan`, t`Feb`, t`Mar`, t`Apr`, t`May`, t`Jun`, t`Jul`, t`Aug`, t`Sep`, t`Oct`, t`Nov`, t`Dec`];

// As everywhere on the pages: `2 Mar 2026, 10:30`, on the site's clock.
function moment(at, zone) {
  const asked = { day: "numeric", month: "numeric", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const parts = new Intl.DateTimeFormat("en-GB", { ...asked, timeZone: zone || undefined }).formatToParts(at);
  const part = (type) => parts.find((one) => one.type === type).value;
  const [day, month, year] = [part("day"), MONTHS[Number(part("month")) - 1], part("year")];
  return `${t`${day} ${month} ${year}`}, ${part("hour")}:${part("minute")}`;
}

function notice(form, at, discard) {
  const line = document.createElement("p");
  line.className = "flag look draft";
  line.setAttribute("role", "status");
  const when = moment(new Date(at), form.dataset.zone);
  line.append(t`Draft of ${when}, not in the record.`, " ");
  const button = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: t`Throw it away` });
  button.addEventListener("click", discard);
  line.append(button);
  form.before(line);
}
