// Short notices over the chat: toasts, alerts, the network bar, the picture viewer.

const byId = (id) => document.getElementById(id);
let timer = 0;

export function toast(text, alert = false) {
  if (alert) {
    byId("alert-text").textContent = text;
    if (!byId("alert").open) byId("alert").showModal();
    return;
  }
  const box = byId("toast");
  box.textContent = text;
  box.hidden = !text;
  clearTimeout(timer);
  timer = setTimeout(() => { box.hidden = true; }, 2200 + text.length * 60);
}

export function network(text) {
  const bar = byId("network");
  bar.textContent = text;
  bar.hidden = !text;
}

export function viewPicture(file, alt) {
  byId("viewer-picture").src = file.url;
  byId("viewer-picture").alt = alt;
  byId("viewer").showModal();
}
