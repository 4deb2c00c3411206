// The board (红黑榜): places with how sure they are, and the appeals against them.

import { box, call, h, options, say, time, toast } from "./base.js";

const BY = ["grid", "community", "department"];
const query = Object.fromEntries(new URLSearchParams(location.search));
const now = new Date(), wanted = { period: query.period || `${now.getFullYear()}Q${Math.floor(now.getMonth() / 3) + 1}`, by: query.by || "grid" };
const SHOWN = ["response_rate", "resolution_rate", "satisfaction_rate", "ontime_rate", "rating_coverage"];
const place = (id) => document.getElementById(id);
const percent = (value) => (value === null ? "–" : `${(value * 100).toFixed(1)} %`);
const me = await call("GET", "/api/desk/me");

function quarters() {
  const at = now.getFullYear() * 4 + Math.floor(now.getMonth() / 3);
  return [0, 1, 2, 3].map((back) => at - back).map((q) => ({ id: `${Math.floor(q / 4)}Q${(q % 4) + 1}`, name: say("quarter", { year: Math.floor(q / 4), quarter: (q % 4) + 1 }) }));
}

function change(values) {
  Object.assign(wanted, values);
  history.replaceState(null, "", `/cockpit/board?${new URLSearchParams(wanted)}`);
  return load();
}

function appealForm(one) {
  const number = h("input", { inputmode: "numeric", pattern: "[0-9]{4,9}", autocomplete: "off" }), words = h("textarea", { rows: 4, required: true, minlength: 2, maxlength: 500 });
  const told = h("p", { class: "told", role: "alert" });
  const form = h("form", {}, h("label", { class: "field" }, h("span", {}, say("appeal_number")), number), h("label", { class: "field" }, h("span", {}, say("appeal_words")), words), told, h("p", { class: "order-end" }, h("button", { class: "go" }, say("appeal_send"))));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await call("POST", "/api/desk/board/appeals", { period: wanted.period, by: wanted.by, key: one.row.key, number: number.value ? Number(number.value) : null, words: words.value });
      dialog.close();
      await load();
    } catch (problem) { told.textContent = problem.message; }
  });
  const dialog = box(`${one.row.name} · ${say("appeal")}`, form);
}

function rulingForm(appeal) {
  const words = h("textarea", { rows: 3, required: true, minlength: 2, maxlength: 500 });
  const send = (upheld) => async () => {
    if (!words.reportValidity()) return;
    try {
      await call("POST", `/api/desk/board/appeals/${appeal.id}/ruling`, { upheld, words: words.value });
      dialog.close();
      await load();
    } catch (problem) { toast(problem.message); }
  };
  const dialog = box(say("rule"), h("label", { class: "field" }, h("span", {}, say("rule_words")), words),
    h("p", { class: "order-end" }, h("button", { type: "button", class: "go", onclick: send(true) }, say("uphold")), h("button", { type: "button", class: "plain strong", onclick: send(false) }, say("dismiss"))));
}

async function load() {
  const board = await call("GET", `/api/desk/board?${new URLSearchParams(wanted)}`);
  const periods = quarters();
  if (!periods.some((one) => one.id === wanted.period)) periods.push({ id: wanted.period, name: wanted.period });
  place("choices").replaceChildren(
    h("select", { "aria-label": say("period"), onchange: (event) => change({ period: event.target.value }) }, options(periods, wanted.period)),
    h("select", { "aria-label": say("by"), onchange: (event) => change({ by: event.target.value }) }, options(BY.map((id) => ({ id, name: say(`by_${id}`) })), wanted.by)));
  place("formula").textContent = say("board_formula", { formula: board.formula, version: board.version, count: board.left_out });
  const cell = (label, value, more = {}) => h("td", { "data-label": label, ...more }, value);
  const titles = board.places[0]?.row.figures.filter((figure) => SHOWN.includes(figure.name)) ?? [];
  place("table").replaceChildren(
    h("thead", {}, h("tr", {}, [say("place"), say(`by_${wanted.by}`), say("score"), say("sure"), ...titles.map((figure) => figure.title), say("received"), say("what")].map((name, column, all) => h("th", { scope: "col", class: column === 1 || column === all.length - 1 ? "what" : column ? "" : "place" }, name)))),
    h("tbody", {}, board.places.map((one) => h("tr", { class: one.colour },
      h("td", { class: "place" }, one.place === null ? "–" : String(one.place)), h("th", { scope: "row" }, one.row.name), cell(say("score"), percent(one.score)),
      cell(say("sure"), one.low === null ? "–" : `${percent(one.low)} ～ ${percent(one.high)}`),
      one.row.figures.filter((figure) => SHOWN.includes(figure.name)).map((figure) => cell(figure.title, percent(figure.value), { title: `${figure.formula}\n${figure.without}` })),
      cell(say("received"), String(one.row.counts.received)),
      h("td", { class: "what" }, one.why, " ", h("button", { type: "button", class: "plain", onclick: () => appealForm(one) }, say("appeal")))))));
  place("appeals").replaceChildren(...(board.appeals.length ? board.appeals.map((appeal) => h("li", { class: "appeal" },
    h("p", {}, h("b", {}, appeal.scope), appeal.number ? ` ${appeal.number}` : "", "：", appeal.words, " ", time(appeal.at)),
    appeal.upheld === null ? (me.may.includes("rule_appeal") && !appeal.own ? h("button", { type: "button", class: "plain strong", onclick: () => rulingForm(appeal) }, say("rule")) : h("p", { class: "quiet" }, say("not_ruled")))
      : h("p", {}, h("b", {}, say(appeal.upheld ? "upheld" : "dismissed")), " ", appeal.ruling))) : [h("li", { class: "quiet" }, say("no_appeals"))]));
}

await load();
document.body.dataset.ready = "1";
