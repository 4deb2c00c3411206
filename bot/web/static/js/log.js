// The list of posts on the screen: kept in order, redrawn when one changes, scrolled as a person expects.
// A message of ours counts as sent only when the outbox says so, even if its post is already here.

import { clock, draw, el } from "./view.js";
import { words } from "./words.js";

const GAP = 5 * 60 * 1000;
const order = (one, other) => (one.length - other.length) || (one < other ? -1 : one > other ? 1 : 0);

export class Log {
  constructor(act) {
    this.act = act;
    this.frame = document.getElementById("content");
    this.list = document.getElementById("log");
    this.below = document.getElementById("below");
    this.welcome = document.getElementById("welcome");
    this.posts = new Map();
    this.unsent = new Map();
    this.firstNew = "";
    this.below.addEventListener("click", () => this.toEnd(true));
    this.frame.addEventListener("scroll", () => { if (this.atEnd()) this.below.hidden = true; }, { passive: true });
    new ResizeObserver(() => { if (this.stuck) this.toEnd(); }).observe(this.frame);
    document.addEventListener("linli:size", () => this.toEnd());
  }

  oldest() {
    return [...this.posts.keys()].sort(order)[0] || "";
  }

  isBefore(id) {
    return order(id, this.oldest()) < 0;
  }

  get(id) {
    return this.posts.get(id);
  }

  lastMine() {
    return [...this.posts.values()].filter((post) => post.mine).sort((a, b) => order(a.id, b.id)).at(-1);
  }

  put(posts, { older = false, first = false } = {}) {
    const stick = first || this.atEnd();
    let news = false;
    for (const raw of posts) {
      const post = { text: "", media: [], keys: [], mine: false, bot: false, reply_to: "", ...raw };
      const known = this.posts.get(post.id);
      if (known && order(known.cursor, post.cursor) > 0) continue;
      if (!known && !post.mine && !older && !first) news = true;
      if (first && post.new && !this.firstNew && posts.some((one) => !one.new)) this.firstNew = post.id;
      this.posts.set(post.id, post);
      if (this.unsent.get(post.client_id)?.sent) this.unsent.delete(post.client_id);
    }
    this.redraw(older);
    if (stick && !older) this.toEnd();
    else if (news) this.below.hidden = false;
  }

  pend(message, state) {
    if (state === "sent") { this.settle(message.client_id); return; }
    const fresh = !this.unsent.has(message.client_id);
    const media = (message.media || []).map((ref) => ({ ref, kind: "photo", url: `/media/${ref}`, ...(message.shown || {})[ref] }));
    this.unsent.set(message.client_id, { ...message, id: "", text: message.text || "", media, keys: [], mine: true, bot: false, state,
      reply_to: message.reply_to || "", at: message.at || new Date().toISOString() });
    this.redraw(false);
    if (fresh) this.toEnd();
  }

  settle(id) {
    const stored = [...this.posts.values()].some((post) => post.client_id === id);
    const waiting = this.unsent.get(id);
    if (stored || !waiting) this.unsent.delete(id);
    else this.unsent.set(id, { ...waiting, state: "", sent: true });
    this.redraw(false);
  }

  forget(id) {
    this.unsent.delete(id);
    this.redraw(false);
  }

  redraw(older) {
    const height = this.frame.scrollHeight;
    const wanted = this.items();
    const present = new Map([...this.list.querySelectorAll(":scope > [data-key]")].map((node) => [node.dataset.key, node]));
    let before = null;
    for (const item of wanted.reverse()) {
      let node = present.get(item.key);
      present.delete(item.key);
      if (!node || node.dataset.version !== item.version) {
        const made = item.make();
        made.dataset.key = item.key;
        made.dataset.version = item.version;
        const focused = node?.contains(document.activeElement) ? document.activeElement.dataset.token : null;
        if (node) node.replaceWith(made); else this.list.insertBefore(made, before);
        if (focused) (made.querySelector(`[data-token="${CSS.escape(focused)}"]`) || document.getElementById("text")).focus();
        node = made;
      }
      before = node;
    }
    for (const node of present.values()) node.remove();
    if (this.welcome) this.welcome.hidden = wanted.length > 0;
    if (older) this.frame.scrollTop += this.frame.scrollHeight - height;
  }

  items() {
    const items = [];
    const own = this.lastMine();
    let last = 0;
    const all = [...this.posts.values()].sort((a, b) => order(a.id, b.id));
    const stored = new Set(all.map((post) => post.client_id));
    const waiting = [...this.unsent.values()].filter((post) => !stored.has(post.client_id));
    for (const one of [...all, ...waiting]) {
      const { state = "", failed = "" } = this.unsent.get(one.client_id) || {};
      const post = { ...one, state, failed };
      const at = new Date(post.at).getTime();
      if (at - last > GAP) items.push({ key: `t${post.id || post.client_id}`, version: clock(post.at), make: () => el("p", { class: "divider" }, clock(post.at)) });
      if (post.id && post.id === this.firstNew) items.push({ key: "new", version: "1", make: () => el("p", { class: "divider fresh" }, words.newer) });
      last = at;
      const shown = { ...post, editable: post.id === own?.id && !post.state && Boolean(post.text) && this.act.mayEdit(post), replyable: this.act.room && post.bot };
      const version = `${post.cursor || ""}|${post.state || ""}|${post.failed || ""}|${shown.editable}`;
      items.push({ key: post.client_id ? `c${post.client_id}` : `p${post.id}`, version, make: () => draw(shown, this.act) });
    }
    return items;
  }

  atEnd() {
    this.stuck = this.frame.scrollHeight - this.frame.scrollTop - this.frame.clientHeight < 90;
    return this.stuck;
  }

  toEnd(smooth = false) {
    this.below.hidden = true;
    this.stuck = true;
    this.frame.scrollTo({ top: this.frame.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  }
}
