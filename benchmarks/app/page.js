// What a control says goes to the server as one event; what comes back is put in place by the page, so that the control
// that was used has to be given the focus again.
const send = (control, more) => {
  window.radFocus = control.id;
  trigger("submit", { ...control.dataset, ...more });
};
element.addEventListener("change", (event) => {
  const select = event.target.closest("select[data-kind]");
  if (select) send(select, { level: select.value });
});
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-kind]");
  if (button) send(button, {});
  const link = event.target.closest("a[data-cite]");
  const purchase = link && document.getElementById(`bought-${link.dataset.cite}`);
  if (purchase) {
    event.preventDefault();
    purchase.scrollIntoView({ block: "nearest" });
    purchase.focus({ preventScroll: true });
  }
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const value = form.elements.value;
  send(value, { kind: form.dataset.kind, want: form.elements.want.value, value: value.value });
  value.select();
});
watch("value", () => {
  const control = window.radFocus && document.getElementById(window.radFocus);
  if (control && element.contains(control)) {
    control.focus({ preventScroll: true });
    window.radFocus = null;
  }
});
