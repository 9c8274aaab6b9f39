// A consent: what belongs to the way in which it is signed is shown, and a signature by hand is drawn.
// What somebody signed for and that is changed afterwards is signed anew. A signature that came back, since who
// keeps it did not show who they are, is shown again.
// Without scripts everything is shown, and consent is signed by typing or on paper.

const form = document.querySelector("[data-sign]");
if (form) begin(form);

function begin(form) {
  const pad = form.querySelector("[data-pad]");
  const field = form.elements.drawn;
  const pen = pad.getContext("2d");
  const kept = field.value;
  let drawing = false;
  wipe();
  if (kept) {
    const picture = new Image();
    picture.addEventListener("load", () => {
      pen.drawImage(picture, 0, 0);
      field.value = kept;
    });
    picture.src = kept;
  }

  function wipe() {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, pad.width, pad.height);
    pen.strokeStyle = "#111";
    pen.lineWidth = 3;
    pen.lineCap = pen.lineJoin = "round";
    field.value = "";
  }

  function at(event) {
    const box = pad.getBoundingClientRect();
    return [((event.clientX - box.left) * pad.width) / box.width, ((event.clientY - box.top) * pad.height) / box.height];
  }

  pad.addEventListener("pointerdown", (event) => {
    drawing = true;
    pad.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...at(event));
    event.preventDefault();
  });
  pad.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    pen.lineTo(...at(event));
    pen.stroke();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    pad.addEventListener(name, () => {
      if (drawing) field.value = pad.toDataURL("image/png");
      drawing = false;
    });
  }
  form.querySelector("[data-wipe]").addEventListener("click", wipe);

  function show() {
    const how = form.querySelector("[name=how]:checked")?.value;
    form.querySelectorAll("[data-how]").forEach((part) => (part.hidden = part.dataset.how !== how));
  }
  form.addEventListener("change", (event) => {
    show();
    const name = event.target.name;
    if (field.value && (name.startsWith("scope:") || name === "version" || name === "language")) wipe();
  });
  show();
}
