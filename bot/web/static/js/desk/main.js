// The web desk: the list on the left, a record on the right, keys for both, and news as they happen.

import { box, call, h, say } from "./base.js";
import { List } from "./list.js";
import { loadTemplates } from "./orders.js";
import { Detail } from "./record.js";

const KEYS = { c: "claim", d: "dispatch", m: "merge", n: "note", f: "resolve", t: "transfer", b: "return", r: "refuse", s: "split", w: "whistle", e: "ask_extension", p: "publish" };
const live = document.getElementById("live");

const me = await call("GET", "/api/desk/me");
document.getElementById("me").textContent = me.name;
document.getElementById("me").title = me.roles.join("\n");

document.getElementById("books").hidden = !me.may.includes("import_books");

const detail = new Detail(me, () => list.refresh(), open);
const list = new List(me, open);

function numberHere() {
  return Number(/^\/desk\/(\d+)$/.exec(location.pathname)?.[1] ?? 0);
}

async function open(number, push = true) {
  if (push && number !== numberHere()) history.pushState(null, "", `${number ? `/desk/${number}` : "/desk"}?${list.params()}`);
  list.select(number);
  if (number) await detail.show(number);
  else { detail.hide(); list.rows.querySelector(".row a")?.focus({ preventScroll: true }); }
}

addEventListener("popstate", () => open(numberHere(), false));

document.getElementById("out").addEventListener("click", async () => {
  await call("DELETE", "/api/desk/session");
  location.assign("/desk");
});

function showKeys() {
  const lines = [["j k", "key_step"], ["Enter", "key_open"], ["x", "key_mark"], ["/", "key_search"], ["1–9", "key_guess"], ...Object.entries(KEYS).map(([key, act]) => [key, `act_${act}`]), ["Esc", "key_back"]];
  box(say("help"), h("dl", { class: "keys" }, lines.map(([key, name]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, say(name))])));
}
document.getElementById("help").addEventListener("click", showKeys);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.getElementById("box").open) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select")) { if (event.key === "Escape") event.target.blur(); return; }
  const does = {
    j: () => list.step(1), k: () => list.step(-1), ArrowDown: () => list.step(1), ArrowUp: () => list.step(-1), x: () => list.markHere(),
    "/": () => document.getElementById("q").focus(), "?": showKeys, Escape: () => open(0),
  }[event.key];
  if (does) { event.preventDefault(); does(); return; }
  if (detail.number && (KEYS[event.key] || /^[1-9]$/.test(event.key)) && detail.key(KEYS[event.key] ?? event.key)) event.preventDefault();
});

let waiting = 0;
function changed() {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    await list.refresh().catch(() => {});
    if (!document.getElementById("box").open) await detail.load().catch(() => {});
  }, 300);
}

function followNews() {
  const source = new EventSource("/api/desk/stream");
  source.addEventListener("open", () => { live.textContent = say("live"); live.classList.add("on"); });
  source.addEventListener("changed", changed);
  source.addEventListener("gone", () => { source.close(); location.reload(); });
  source.addEventListener("error", () => {
    live.textContent = say("not_live");
    live.classList.remove("on");
    if (source.readyState === EventSource.CLOSED) setTimeout(followNews, 5000);
  });
}

await Promise.all([list.load(), loadTemplates()]);
if (numberHere()) await open(numberHere(), false);
followNews();
document.body.dataset.ready = "1";
