// The small forms behind the buttons: one for each thing that can be done to a record, with templates where words are asked.

import { call, h, options, say } from "./base.js";

const WORDS = new Set(["note", "resolve", "release", "return", "refuse", "dispatch", "whistle", "ask_extension", "decline", "pause", "park", "supervise", "dispute", "rule"]);
const NEEDED = new Set(["note", "resolve", "return", "refuse", "ask_extension", "park", "supervise", "dispute"]);
const TEMPLATED = new Set(["note", "resolve", "return", "refuse"]);
const DAYS = new Set(["ask_extension", "pause", "park"]);
let templates = null;

export async function loadTemplates() {
  templates = await call("GET", "/api/desk/templates");
  return templates;
}

// Shows what an act needs; `send(order)` is called with the filled order and may throw a Problem.
export function orderForm(me, act, record, send) {
  const fields = [], values = {};
  if (act === "dispatch") fields.push(choice("queue", say("to_queue"), me.queues, record.row?.queue));
  if (act === "kind") fields.push(kinds(me, record.row?.item));
  if (act === "place") fields.push(choice("grid", say("to_grid"), me.grids, record.row?.grid));
  if (act === "rule") fields.push(choice("queue", say("to_queue"), me.queues));
  if (act === "whistle") fields.push(...whistle(me));
  if (act === "pause") fields.push(choice("kind", say("pause_reason"), ["resident", "part", "weather", "outside", "other"].map((id) => ({ id, name: say(`pause_${id}`) }))));
  if (DAYS.has(act)) fields.push(labelled(say("days_count"), h("input", { name: "days", type: "number", min: 1, max: 90, required: true, value: 3 })));
  if (act === "publish") fields.push(...echo(record));
  if (act === "transfer") fields.push(choice("person", say("to_person"), record.colleagues ?? []));
  if (act === "merge" || act === "differ") fields.push(labelled(say("other"), h("input", { name: "other", inputmode: "numeric", pattern: "[0-9]{4,9}", required: true, autocomplete: "off" })));
  if (WORDS.has(act)) fields.push(...wordsOf(act));
  const told = h("p", { class: "told", role: "alert" });
  const button = h("button", { class: "go" }, say(`act_${act}`));
  const form = h("form", { class: "order" }, fields, told, h("p", { class: "order-end" }, button));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form));
    delete given.template;
    if (given.other) given.other = Number(given.other);
    if (given.days) given.days = Number(given.days);
    if (act === "whistle") given.helpers = new FormData(form).getAll("helpers");
    button.disabled = true;
    try {
      await send({ act, ...values, ...given });
    } catch (problem) {
      told.textContent = problem.message;
      button.disabled = false;
    }
  });
  return form;
}

function labelled(text, field) {
  return h("label", { class: "field" }, h("span", {}, text), field);
}

function choice(name, text, list, chosen) {
  return labelled(text, h("select", { name, required: true }, options(list, chosen, say("choose"))));
}

function whistle(me) {
  const departments = me.queues.filter((queue) => queue.kind === "dept");
  return [
    choice("kind", say("whistle_kind"), ["alone", "enforcement", "emergency"].map((id) => ({ id, name: say(`whistle_${id}`) })), "alone"),
    choice("queue", say("whistle_lead"), departments),
    h("fieldset", { class: "field helpers" }, h("legend", {}, say("whistle_helpers")), departments.map((one) => h("label", { class: "check" }, h("input", { type: "checkbox", name: "helpers", value: one.id }), one.name))),
  ];
}

function echo(record) {
  const area = (name, text, value) => labelled(text, h("textarea", { name, rows: 4, maxlength: 300, required: true, value }));
  return [area("words", say("echo_asked"), record.echo?.[0] ?? ""), area("done", say("echo_done"), record.echo?.[1] ?? ""), h("p", { class: "quiet" }, say("echo_note"))];
}

function kinds(me, chosen) {
  const groups = me.items.map((group) => h("optgroup", { label: group.name }, options(group.items, chosen)));
  return labelled(say("to_kind"), h("select", { name: "item", required: true }, h("option", { value: "" }, say("choose")), groups));
}

function wordsOf(act) {
  const area = h("textarea", { name: "words", rows: 4, maxlength: 1000, required: NEEDED.has(act) });
  const kind = act === "release" || act === "dispatch" ? "return" : act;
  const fitting = (templates ?? []).filter((one) => one.kind === kind);
  const parts = [labelled(say(`words_${act}`), area)];
  if (TEMPLATED.has(act)) {
    const pick = h("select", { name: "template", onchange: (event) => { const found = fitting.find((one) => one.id === event.target.value); if (found) area.value = found.words; } },
      options(fitting.map((one) => ({ id: one.id, name: one.title })), "", fitting.length ? say("template_pick") : say("template_none")));
    const keep = h("button", { type: "button", class: "plain", onclick: () => keepTemplate(kind, area, keep) }, say("template_keep"));
    parts.unshift(labelled(say("template"), pick));
    parts.push(keep);
  }
  return parts;
}

async function keepTemplate(kind, area, button) {
  const text = area.value.trim();
  if (!text) { area.focus(); return; }
  templates = await call("POST", "/api/desk/templates", { kind, title: text.slice(0, 12), words: text });
  button.textContent = say("template_kept");
  button.disabled = true;
}
