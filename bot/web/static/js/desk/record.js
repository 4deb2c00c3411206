// One record on the right: what it is, what may be done, what looks the same, and everything that happened.

import { box, call, h, say, time, toast } from "./base.js";
import { orderForm } from "./orders.js";

const PLAIN = new Set(["claim", "ask_place", "split", "contact", "grant", "resume", "unpublish"]);
const FIRST = new Set(["claim", "dispatch", "resolve"]);

export class Detail {
  constructor(me, done, open) {
    this.me = me;
    this.done = done;
    this.open = open;
    this.place = document.getElementById("detail");
    this.number = 0;
  }

  async show(number) {
    this.number = number;
    document.body.classList.add("with-record");
    await this.load();
    this.place.focus({ preventScroll: true });
    this.place.scrollTop = 0;
  }

  hide() {
    this.number = 0;
    document.body.classList.remove("with-record");
    this.place.replaceChildren(h("p", { class: "empty" }, say("pick")));
  }

  async load() {
    if (!this.number) return;
    try {
      this.record = await call("GET", `/api/desk/records/${this.number}`);
    } catch (problem) {
      this.record = null;
      this.place.replaceChildren(h("p", { class: "empty" }, problem.message));
      return;
    }
    this.draw();
  }

  draw() {
    const { record } = this, { row } = record;
    this.place.replaceChildren(
      h("button", { type: "button", class: "plain back", onclick: () => this.open(0) }, say("back")),
      h("header", { class: "record-head" }, h("h2", {}, h("span", { class: "number" }, String(row.number)), " ", row.kind), h("p", { class: `state-mark state-${row.state}` }, row.state_name), h("a", { class: "print", href: `/api/desk/records/${row.number}/print.pdf`, target: "_blank", rel: "noopener" }, say("print"))),
      h("blockquote", { class: "record-words" }, record.words),
      this.pictures(record.files),
      this.buttons(),
      this.guesses(),
      this.facts(),
      this.alike(),
      record.company.length ? section(say("company"), h("ul", {}, record.company.map((line) => h("li", {}, line)))) : "",
      record.children.length ? section(say("children"), h("ul", {}, record.children.map((one) => h("li", {}, this.link(one.number), ` ${one.kind} ${one.words}`)))) : "",
      this.timeline(),
    );
  }

  link(number) {
    return h("a", { href: `/desk/${number}`, onclick: (event) => { event.preventDefault(); this.open(number); } }, String(number));
  }

  pictures(files) {
    if (!files.length) return "";
    return h("div", { class: "files" }, files.map((file) => {
      if (!file.ref) return h("span", { class: "file" }, say("file_coming"));
      const from = `/api/desk/files/${file.ref}`, label = say(file.of === "result" ? "photo_result" : "photo_request");
      return file.kind === "photo" ? h("a", { href: from, target: "_blank", rel: "noopener" }, h("img", { src: from, alt: label, loading: "lazy" })) : h("a", { class: "file", href: from }, say(`file_${file.kind}`));
    }));
  }

  buttons() {
    const acts = this.record.acts.map((act) => h("button", { type: "button", class: FIRST.has(act) ? "go" : "plain strong", "data-act": act, onclick: () => this.order(act) }, say(`act_${act}`)));
    return acts.length ? h("div", { class: "acts", role: "group", "aria-label": say("acts") }, acts) : h("p", { class: "quiet" }, say("no_acts"));
  }

  guesses() {
    const { kinds, grids, row } = this.record;
    if (!kinds.length && !grids.length) return "";
    const pick = (act, field) => (one, index, list) => {
      const key = act === "kind" ? index + 1 : this.record.kinds.length + index + 1;
      const chosen = one.value === (act === "kind" ? row.item : row.grid);
      return h("button", { type: "button", class: `guess${chosen ? " chosen" : ""}`, "data-key": key < 10 ? String(key) : false, onclick: () => this.send({ act, [field]: one.value, words: act === "place" ? one.name : "" }) },
        key < 10 ? h("kbd", {}, String(key)) : "", one.name, one.percent ? h("small", {}, ` ${one.percent} %`) : "");
    };
    return h("div", { class: "guesses" },
      h("p", {}, h("span", { class: "guess-name" }, say("guess_kind")), kinds.map(pick("kind", "item"))),
      h("p", {}, h("span", { class: "guess-name" }, say("guess_grid")), grids.map(pick("place", "grid"))),
      this.record.evidence.length ? h("p", { class: "quiet" }, say("evidence", { words: this.record.evidence.join("、") })) : "");
  }

  facts() {
    const { row, record } = { row: this.record.row, record: this.record };
    const fact = (name, ...value) => [h("dt", {}, say(name)), h("dd", {}, value)];
    return h("dl", { class: "facts" },
      fact("fact_place", row.place), fact("fact_who", record.who), fact("fact_queue", row.queue_name, row.worker ? ` · ${row.worker}` : ""),
      fact("fact_received", time(row.received_at)), fact("fact_respond", time(row.respond_due_at)),
      fact("fact_due", h("span", { class: row.overdue ? "late" : "" }, time(row.resolve_due_at), row.overdue ? ` ${say("overdue")}` : "")),
      record.parent ? fact("fact_parent", this.link(record.parent)) : []);
  }

  alike() {
    const { alike, row } = this.record;
    if (!alike.length) return "";
    return section(say("alike"), h("ul", { class: "alike" }, alike.map((one) => h("li", {},
      h("p", {}, this.link(one.row.number), ` ${one.row.kind} ${one.row.place}`), h("p", { class: "quiet" }, one.row.words, one.why ? ` — ${one.why}` : ""),
      h("p", {}, h("button", { type: "button", class: "plain strong", onclick: () => this.beside(row.number, one.row.number) }, say("beside")))))));
  }

  async beside(one, other) {
    const pair = await call("GET", `/api/desk/pairs/${one}/${other}`);
    const side = (part) => h("section", { class: "side" }, h("h3", {}, `${part.row.number} ${part.row.kind}`), h("p", { class: "quiet" }, part.row.place, " · ", time(part.row.received_at), " · ", part.row.state_name, " · ", part.row.queue_name), h("blockquote", {}, part.words), this.pictures(part.files), part.company ? h("p", {}, part.company) : "");
    const order = (act) => async () => { dialog.close(); await this.send({ act, other }); };
    const dialog = box(say("beside_title", { one, other }), h("div", { class: "sides" }, pair.sides.map(side)), pair.why ? h("p", { class: "quiet" }, pair.why) : "",
      h("p", { class: "order-end" }, h("button", { type: "button", class: "go", onclick: order("merge") }, say("merge_into", { one, other })), h("button", { type: "button", class: "plain strong", onclick: order("differ") }, say("act_differ"))));
    dialog.classList.add("wide");
    dialog.addEventListener("close", () => dialog.classList.remove("wide"), { once: true });
  }

  timeline() {
    return section(say("timeline"), h("ol", { class: "timeline" }, this.record.lines.map((line) => h("li", {}, h("span", { class: "at" }, time(line.at)), h("span", {}, h("b", {}, line.who), " ", line.text, line.words ? h("q", {}, line.words) : "")))));
  }

  async order(act) {
    if (PLAIN.has(act)) { await this.send({ act }); return; }
    const dialog = box(`${this.number} ${say(`act_${act}`)}`, orderForm(this.me, act, this.record, async (order) => { await this.deliver(order); dialog.close(); }));
    dialog.querySelector("select, input, textarea")?.focus();
  }

  async send(order) {
    try {
      await this.deliver(order);
    } catch (problem) {
      toast(problem.message);
      await this.load();
    }
  }

  async deliver(order) {
    const outcome = await call("POST", `/api/desk/records/${this.number}/acts`, order);
    if (outcome.text) toast(outcome.text);
    if (outcome.shown.phone) this.contact(outcome.shown);
    await this.load();
    await this.done();
  }

  contact(shown) {
    const fact = (name, value) => [h("dt", {}, say(name)), h("dd", {}, value)];
    box(say("contact_title"), h("dl", { class: "facts" }, fact("contact_name", shown.name), fact("contact_phone", /^\d+$/.test(shown.phone) ? h("a", { href: `tel:${shown.phone}` }, shown.phone) : shown.phone), fact("fact_place", shown.place), fact("contact_words", shown.words)), h("p", { class: "quiet" }, say("contact_noted")));
  }

  key(name) {
    if (!this.record) return false;
    const button = this.place.querySelector(`[data-key="${name}"]`) ?? this.place.querySelector(`[data-act="${name}"]`);
    button?.click();
    return Boolean(button);
  }
}

function section(title, ...content) {
  return h("section", { class: "part" }, h("h3", {}, title), content);
}
