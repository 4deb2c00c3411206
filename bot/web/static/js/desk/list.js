// The list on the left: tabs, filters, saved views, rows, what is marked, and orders about all that is marked.

import { box, call, h, options, say, time, toast } from "./base.js";
import { orderForm } from "./orders.js";

const BUCKETS = ["open", "desk", "overdue", "today", "supervised", "mine", "resolved", "closed", "ended", "all"];
const BULK = ["dispatch", "kind", "claim", "refuse", "merge"];
const FIELDS = ["bucket", "community", "queue", "item", "urgent", "q"];

export class List {
  constructor(me, open) {
    this.me = me;
    this.open = open;
    this.query = Object.fromEntries(new URLSearchParams(location.search));
    this.marked = new Set();
    this.at = -1;
    this.found = [];
    this.rows = document.getElementById("rows");
    document.getElementById("more").addEventListener("click", () => this.more());
    document.getElementById("q").value = this.query.q ?? "";
    document.getElementById("search").addEventListener("submit", (event) => {
      event.preventDefault();
      this.change({ q: document.getElementById("q").value.trim() });
    });
    this.drawFilters();
    this.loadViews();
  }

  params(more = {}) {
    const every = Object.entries({ ...this.query, ...more }).filter(([name, value]) => value && (FIELDS.includes(name) || name === "after"));
    return new URLSearchParams(every).toString();
  }

  change(values) {
    this.query = { ...this.query, ...values };
    history.replaceState(null, "", `${location.pathname}?${this.params()}`);
    this.marked.clear();
    this.at = -1;
    this.drawFilters();
    return this.load();
  }

  async load() {
    const found = await call("GET", `/api/desk/records?${this.params()}`);
    this.show(found.rows, found);
    await this.count();
  }

  async refresh() {
    const limit = Math.min(200, Math.max(50, this.found.length));
    const found = await call("GET", `/api/desk/records?${this.params()}&limit=${limit}`);
    this.show(found.rows, found);
    await this.count();
  }

  async more() {
    const found = await call("GET", `/api/desk/records?${this.params({ after: this.after })}`);
    this.show([...this.found, ...found.rows], found);
  }

  show(rows, found) {
    this.found = rows;
    this.after = found.after;
    const focused = document.activeElement?.closest?.(".row")?.dataset.number;
    this.rows.replaceChildren(...rows.map((row, index) => this.row(row, index)));
    document.getElementById("more").hidden = !found.after;
    document.getElementById("note").textContent = found.note || (rows.length ? "" : say("none"));
    if (focused) this.rows.querySelector(`[data-number="${focused}"] a`)?.focus();
    this.drawBulk();
  }

  async count() {
    const counts = await call("GET", "/api/desk/counts");
    const chosen = this.query.bucket || "open";
    document.getElementById("tabs").replaceChildren(...BUCKETS.map((name) =>
      h("button", { type: "button", class: "tab", "data-bucket": name, "aria-current": name === chosen ? "true" : false, onclick: () => this.change({ bucket: name, q: "" }) },
        say(`bucket_${name}`), counts[name] ? h("b", { class: name === "overdue" ? "late" : "" }, String(counts[name])) : "")));
  }

  drawFilters() {
    const q = this.query, set = (name) => (event) => this.change({ [name]: event.target.type === "checkbox" ? (event.target.checked ? "true" : "") : event.target.value });
    const items = this.me.items.map((group) => h("optgroup", { label: group.name }, options(group.items, q.item)));
    document.getElementById("filters").replaceChildren(
      h("select", { "aria-label": say("community"), onchange: set("community") }, options(this.me.communities, q.community, say("all_communities"))),
      h("select", { "aria-label": say("queue"), onchange: set("queue") }, options(this.me.queues, q.queue, say("all_queues"))),
      h("select", { "aria-label": say("item"), onchange: set("item") }, h("option", { value: "" }, say("all_items")), items),
      h("label", { class: "check" }, h("input", { type: "checkbox", checked: q.urgent === "true", onchange: set("urgent") }), say("urgent_only")),
      h("span", { id: "views", class: "views" }),
      this.me.may.includes("export") ? h("span", { class: "take" }, say("take"), ["xlsx", "csv"].map((kind) => h("a", { href: `/api/desk/export.${kind}?${this.params()}`, download: "" }, say(`take_${kind}`)))) : "",
    );
    this.drawViews();
  }

  async loadViews() {
    this.views = await call("GET", "/api/desk/views");
    this.drawViews();
  }

  drawViews() {
    const place = document.getElementById("views");
    if (!place || !this.views) return;
    place.replaceChildren(
      ...this.views.map((view) => h("span", { class: "view" },
        h("button", { type: "button", class: "plain", onclick: () => { this.query = {}; this.change(view.filters); } }, view.name),
        h("button", { type: "button", class: "plain drop", "aria-label": say("drop_view", { name: view.name }), onclick: async () => { await call("DELETE", `/api/desk/views/${view.id}`); this.loadViews(); } }, "×"))),
      h("button", { type: "button", class: "plain", onclick: () => this.nameView() }, say("keep_view")),
    );
  }

  nameView() {
    const name = h("input", { required: true, maxlength: 20, "aria-label": say("view_name"), placeholder: say("view_name") });
    const form = h("form", {}, name, h("button", { class: "go" }, say("keep")));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const filters = Object.fromEntries(Object.entries(this.query).filter(([field, value]) => value && FIELDS.includes(field)));
      this.views = await call("POST", "/api/desk/views", { name: name.value, filters });
      this.drawViews();
      dialog.close();
    });
    const dialog = box(say("keep_view"), form);
    name.focus();
  }

  row(row, index) {
    const flags = [];
    if (row.urgent) flags.push(h("b", { class: "flag urgent" }, say("urgent")));
    if (row.overdue) flags.push(h("b", { class: "flag late" }, say("overdue")));
    if (row.supervised) flags.push(h("b", { class: "flag" }, say("supervised")));
    if (row.reopened) flags.push(h("b", { class: "flag" }, say("reopened", { count: row.reopened })));
    const mark = h("input", { type: "checkbox", "aria-label": say("mark", { number: row.number }), checked: this.marked.has(row.number), onchange: (event) => this.mark(row.number, event.target.checked) });
    const go = (event) => { if (!event.ctrlKey && !event.metaKey) { event.preventDefault(); this.at = index; this.open(row.number); } };
    return h("li", { class: `row state-${row.state}${this.current === row.number ? " now" : ""}`, "data-number": String(row.number) }, mark,
      h("a", { href: `/desk/${row.number}`, onclick: go },
        h("span", { class: "row-head" }, h("b", { class: "number" }, String(row.number)), " ", row.kind, " ", flags),
        h("span", { class: "row-words" }, row.words),
        h("span", { class: "row-foot" }, h("span", { class: "where" }, row.place), h("span", {}, row.queue_name, row.worker ? ` · ${row.worker}` : ""),
          h("span", { class: "state" }, row.state_name), h("span", { class: row.overdue ? "due late" : "due" }, say("due"), " ", time(row.resolve_due_at)))));
  }

  select(number) {
    this.current = number;
    for (const one of this.rows.children) one.classList.toggle("now", one.dataset.number === String(number));
  }

  step(by) {
    if (!this.found.length) return;
    this.at = Math.max(0, Math.min(this.found.length - 1, this.at + by));
    const row = this.rows.children[this.at];
    row.querySelector("a").focus();
    row.scrollIntoView({ block: "nearest" });
  }

  markHere() {
    const row = this.found[this.at];
    if (row) { this.mark(row.number, !this.marked.has(row.number)); this.rows.children[this.at].querySelector("input").checked = this.marked.has(row.number); }
  }

  mark(number, on) {
    if (on) this.marked.add(number); else this.marked.delete(number);
    this.drawBulk();
  }

  drawBulk() {
    const bar = document.getElementById("bulk");
    bar.hidden = !this.marked.size;
    if (bar.hidden) return;
    const may = { dispatch: "reroute", kind: "reroute", claim: "claim", refuse: "refuse", merge: "merge" };
    bar.replaceChildren(h("span", {}, say("marked", { count: this.marked.size })),
      ...BULK.filter((act) => this.me.may.includes(may[act])).map((act) => h("button", { type: "button", class: "plain", onclick: () => this.orderMany(act) }, say(`act_${act}`))),
      h("button", { type: "button", class: "plain", onclick: () => { this.marked.clear(); this.show(this.found, { after: this.after, note: "" }); } }, say("unmark")));
  }

  orderMany(act) {
    const numbers = [...this.marked];
    const send = async (order) => {
      const done = await call("POST", "/api/desk/acts", { numbers, ...order });
      const failed = done.filter((one) => one.code !== "done");
      for (const one of done) if (one.code === "done") this.marked.delete(one.number);
      dialog.close();
      await this.refresh();
      if (failed.length) box(say("some_failed", { done: done.length - failed.length, failed: failed.length }), h("ul", {}, failed.map((one) => h("li", {}, `${one.number}：${one.text}`))));
      else toast(say("all_done", { count: done.length }));
    };
    const dialog = box(say("many_title", { act: say(`act_${act}`), count: numbers.length }), orderForm(this.me, act, {}, send));
  }
}
