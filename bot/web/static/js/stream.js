// Follows a chat by server-sent events, and comes back after every break from where it was.

export class Stream {
  constructor(api, on) {
    this.api = api;
    this.on = on;
    this.cursor = "0";
    this.wait = 1000;
    this.source = null;
    this.timer = 0;
    addEventListener("online", () => this.open());
    addEventListener("offline", () => this.on.state("broken"));
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", (event) => { if (event.persisted) this.open(); });
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.rest);
      if (document.hidden) this.rest = setTimeout(() => this.close(), 60000);
      else if (!this.source) this.open();
    });
  }

  seen(cursor) {
    if (cursor.length > this.cursor.length || (cursor.length === this.cursor.length && cursor > this.cursor)) this.cursor = cursor;
  }

  lives() {
    return this.source?.readyState === EventSource.OPEN;
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  open() {
    this.close();
    const source = new EventSource(`${this.api}/stream?after=${this.cursor}`);
    this.source = source;
    source.addEventListener("open", () => { this.wait = 1000; this.on.state("open"); });
    source.addEventListener("post", (event) => { this.seen(event.lastEventId); this.on.post(JSON.parse(event.data)); });
    source.addEventListener("toast", (event) => this.on.toast(JSON.parse(event.data)));
    source.addEventListener("gone", () => { this.close(); this.on.state("gone"); });
    source.addEventListener("error", () => {
      this.on.state("broken");
      if (source.readyState !== EventSource.CLOSED || this.source !== source) return;
      this.timer = setTimeout(() => this.open(), this.wait);
      this.wait = Math.min(this.wait * 2, 30000);
    });
  }
}
