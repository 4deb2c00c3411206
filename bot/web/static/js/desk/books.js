// Bringing books: choose a kind, look at a file row by row, take it in. The file stays in the browser until it is taken in.

import { Problem, call, h, say, time, toast, words } from "./base.js";

const EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const file = document.getElementById("file"), look = document.getElementById("look"), result = document.getElementById("result");
let books = [], book = null;

async function send(path) {
  const headers = { "X-Linli": "1", Accept: "application/json", "Content-Type": EXCEL };
  let answer;
  try {
    answer = await fetch(path, { method: "POST", headers, body: file.files[0], credentials: "same-origin" });
  } catch {
    throw new Problem(0, { detail: say("offline") });
  }
  if (answer.status === 401) { location.reload(); return new Promise(() => {}); }
  if (answer.ok) return answer.json();
  throw new Problem(answer.status, await answer.json().catch(() => ({})));
}

function table(heads, rows) {
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": say("result") },
    h("table", {}, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, rows)));
}

function cells(texts) { return texts.map((text) => h("td", {}, String(text))); }

function show(...content) {
  result.replaceChildren(h("h2", {}, say("result")), ...content.filter((part) => part !== null));
  result.hidden = false;
  result.focus();
}

function showFound(found) {
  const faults = found.faults.map((fault) => h("tr", {}, cells([fault.row, fault.cell, fault.text])));
  const rows = found.rows.map((row) => h("tr", { class: row.known ? "known" : "" }, cells([row.row, ...row.cells, row.known ? say("known") : row.note])));
  const good = !found.fault_count && !found.before && found.fresh;
  const verdict = found.fault_count ? say("mend") : good ? say("all_good") : found.before ? "" : say("nothing_new");
  const before = found.before ? h("p", { class: "wrong" }, ...around(say("before", { at: "\n" }), time(found.before))) : null;
  show(
    h("p", {}, say("summary", { lines: found.lines, fresh: found.fresh, known: found.known, faults: found.fault_count })),
    before, verdict ? h("p", { class: good ? "right" : "wrong" }, verdict) : null,
    faults.length ? table([say("row"), say("cell"), say("wrong")], faults) : null,
    found.fault_count > faults.length ? h("p", {}, say("more_faults", { count: found.fault_count - faults.length })) : null,
    good ? h("p", { class: "buttons" }, h("button", { type: "button", class: "go", id: "take", onclick: take }, say("take", { count: found.fresh }))) : null,
    rows.length ? h("p", {}, say("shown", { count: rows.length })) : null,
    rows.length ? table([say("row"), ...book.heads, say("outcome")], rows) : null,
  );
}

function around(text, element) {
  const [head, tail = ""] = text.split("\n");
  return [head, element, tail];
}

function showTaken(taken) {
  const codes = book.id === "staff";
  const rows = taken.done.map((one) => h("tr", {}, cells([one.row, one.cells.join("　")]), h("td", { class: "code" }, one.result)));
  show(
    h("p", { class: "right" }, say("done", { rows: taken.rows, known: taken.known })),
    taken.proposal ? h("p", { class: "buttons" }, h("a", { href: `/api/desk/imports/${taken.id}/street.toml`, download: "street.toml" }, say("proposal"))) : null,
    codes ? h("p", { class: "wrong" }, say("codes")) : null,
    rows.length ? table([say("row"), say(codes ? "whom" : "source"), say(codes ? "code" : "number")], rows) : null,
    codes ? h("p", { class: "buttons" }, h("button", { type: "button", class: "plain strong", onclick: () => print() }, say("print"))) : null,
  );
}

async function busy(button, label, work) {
  const before = button.textContent;
  button.disabled = true;
  button.textContent = label;
  try {
    await work();
  } catch (problem) {
    show(h("p", { class: "wrong" }, problem.message));
  } finally {
    button.disabled = false;
    button.textContent = before;
  }
}

document.getElementById("bring").addEventListener("submit", (event) => {
  event.preventDefault();
  if (file.files.length) busy(look, say("looking"), async () => showFound(await send(`/api/desk/imports/${book.id}/look`)));
});

function take(event) {
  busy(event.target, say("taking"), async () => {
    const taken = await send(`/api/desk/imports/${book.id}`);
    file.value = "";
    changed();
    showTaken(taken);
    await load().catch((problem) => toast(problem.message));
  });
}

function changed() { look.disabled = !file.files.length; }
file.addEventListener("change", () => { changed(); result.hidden = true; });

function choose(one) {
  book = one;
  result.hidden = true;
  document.getElementById("about").replaceChildren(
    h("p", {}, one.about), h("p", {}, h("a", { href: `/api/desk/imports/${one.id}/template.xlsx`, download: `linli-${one.id}.xlsx` }, say("template")), `　${say("most", { count: one.most })}`),
  );
}

async function load() {
  const found = await call("GET", "/api/desk/imports");
  books = found.books;
  document.getElementById("recent").replaceChildren(...(found.recent.length ? found.recent.map((one) => h("li", {},
    time(one.at), h("span", {}, say("recent_line", one)),
    one.proposal ? h("a", { href: `/api/desk/imports/${one.id}/street.toml`, download: "street.toml" }, say("proposal")) : null)) : [h("li", {}, say("none"))]));
}

try {
  await load();
  document.getElementById("kinds").append(...books.map((one, place) => h("label", {},
    h("input", { type: "radio", name: "kind", value: one.id, checked: place === 0, onchange: () => choose(one) }), one.name)));
  choose(books[0]);
} catch (problem) {
  document.getElementById("bring").replaceChildren(h("p", { class: "wrong" }, problem.status === 403 ? words.forbidden : problem.message));
}
document.body.dataset.ready = "1";
