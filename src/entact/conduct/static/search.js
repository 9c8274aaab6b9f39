// What is typed into a field is looked up in a dictionary of the site's own; anything else can be typed as well.

for (const field of document.querySelectorAll("input[data-search]")) begin(field);

function begin(field) {
  const list = document.getElementById(field.getAttribute("list"));
  const classes = new Map();
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    if (classes.has(field.value)) return choose();
    timer = setTimeout(look, 200);
  });

  async function look() {
    const text = field.value;
    if (text.trim().length < 2) return;
    const answer = await fetch(`${field.dataset.search}?q=${encodeURIComponent(text)}`).catch(() => null);
    if (!answer?.ok || answer.redirected || text !== field.value) return;
    const { found } = await answer.json();
    list.replaceChildren(...found.map(([said]) => Object.assign(document.createElement("option"), { value: said })));
    for (const [said, kind] of found) classes.set(said, kind);
  }

  function choose() {
    const kind = classes.get(field.value);
    const control = kind && document.querySelector(`[name="item:medicine_class"][value="${CSS.escape(kind)}"]`);
    if (control) control.checked = true;
    const open = document.querySelector('select[name="item:medicine_class"]');
    if (open && kind && [...open.options].some((one) => one.value === kind)) open.value = kind;
  }
}
