// What every script of the web desk shares: its sentences, elements, calls and moments.

export const words = JSON.parse(document.getElementById("words").textContent);

export function say(name, values = {}) {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

// h("p", { class: "x", onclick: f }, "text", otherElement): text is never markup.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export class Problem extends Error {
  constructor(status, told) {
    super(told.detail || told.title || words.problem.failed);
    this.status = status;
    this.code = told.code || "failed";
  }
}

// What is drawn anew under a press would lose it: what was asked for waits until the press is over. Some end where the page
// does not hear of it, in a menu of the browser.
const PRESS = 10000;
let pressed = null, letGo = () => {};
addEventListener("pointerdown", () => { pressed = new Promise((go) => { letGo = go; setTimeout(go, PRESS); }); }, true);
for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => setTimeout(letGo), true);

export async function call(method, path, body) {
  const options = { method, headers: { "X-Linli": "1", Accept: "application/json" }, credentials: "same-origin" };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Problem(0, { detail: say("offline") });
  }
  if (answer.status === 401) { location.reload(); return new Promise(() => {}); }
  if (answer.ok) {
    const told = answer.status === 204 ? null : await answer.json();
    if (method === "GET") await pressed;
    return told;
  }
  throw new Problem(answer.status, await answer.json().catch(() => ({})));
}

const clock = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", month: "numeric", day: "numeric" });
const date = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", year: "numeric", month: "numeric", day: "numeric" });
const year = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", year: "numeric" });
const whole = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", dateStyle: "medium", timeStyle: "short" });

export function when(moment) {
  const at = new Date(moment), now = new Date();
  if (date.format(now) === date.format(at)) return clock.format(at);
  return `${(year.format(now) === year.format(at) ? day : date).format(at)} ${clock.format(at)}`;
}

export function time(moment) {
  return h("time", { datetime: moment, title: whole.format(new Date(moment)) }, when(moment));
}

let hiding = 0;
export function toast(text) {
  const line = document.getElementById("toast");
  line.textContent = text;
  line.classList.add("shown");
  clearTimeout(hiding);
  hiding = setTimeout(() => line.classList.remove("shown"), 6000);
}

export function box(title, ...content) {
  const dialog = document.getElementById("box");
  dialog.replaceChildren(
    h("div", { class: "box-head" }, h("h2", { id: "box-title" }, title),
      h("button", { type: "button", class: "plain", onclick: () => dialog.close() }, say("close"))),
    ...content,
  );
  if (!dialog.open) dialog.showModal();
  return dialog;
}

export function options(list, chosen = "", first = "") {
  const found = list.map((one) => h("option", { value: one.id, selected: one.id === chosen }, one.name));
  return first ? [h("option", { value: "" }, first), ...found] : found;
}
