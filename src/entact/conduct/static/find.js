// The key / leads to the field that finds a participant by number, from anywhere but where one writes.

const field = document.getElementById("find");

if (field) {
  document.addEventListener("keydown", (event) => {
    const writes = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || writes || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}
