// Messages that are not yet stored by the server. They outlive the page; a repeat under the same id changes nothing.

import { call } from "./api.js";

const SLOWEST = 30000;

export class Outbox {
  constructor(api, changed) {
    this.api = api;
    this.key = `linli.unsent:${api}`;
    this.changed = changed;
    this.wait = 1000;
    this.busy = false;
    this.timer = 0;
    this.kept = null;
    addEventListener("online", () => this.hurry());
  }

  all() {
    if (this.kept) return this.kept;
    try { return JSON.parse(localStorage.getItem(this.key)) || []; } catch { return []; }
  }

  write(list) {
    try {
      localStorage.setItem(this.key, JSON.stringify(list));
      this.kept = null;
    } catch {
      this.kept = list;
    }
  }

  add(message) {
    this.write([...this.all(), message]);
    this.changed(message, "sending");
    this.hurry();
  }

  drop(id) {
    this.write(this.all().filter((one) => one.client_id !== id));
  }

  retry(id) {
    this.write(this.all().map((one) => (one.client_id === id ? { ...one, failed: "" } : one)));
    this.hurry();
  }

  hurry() {
    clearTimeout(this.timer);
    this.wait = 1000;
    this.flush();
  }

  async flush() {
    if (this.busy) return;
    this.busy = true;
    try {
      let next;
      while ((next = this.all().find((one) => !one.failed))) {
        if (!(await this.send(next))) break;
      }
    } finally {
      this.busy = false;
    }
  }

  async send(message) {
    const { failed, at, shown, ...body } = message; // the rest is only for the screen
    try {
      const answer = await call("POST", `${this.api}/messages`, body);
      this.drop(message.client_id);
      this.wait = 1000;
      this.changed(message, "sent", answer);
      return true;
    } catch (problem) {
      if (problem.later) {
        this.changed(message, "waiting");
        this.timer = setTimeout(() => this.flush(), this.wait);
        this.wait = Math.min(this.wait * 2, SLOWEST);
        return false;
      }
      const reason = problem.message;
      this.write(this.all().map((one) => (one.client_id === message.client_id ? { ...one, failed: reason } : one)));
      this.changed({ ...message, failed: reason }, "failed");
      return true;
    }
  }
}
