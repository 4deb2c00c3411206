// The row at the bottom: writing, answering one post, correcting the last words, pictures, place, voice.

import { network, toast } from "./notices.js";
import { canRecord, findPlace, Recorder, upload } from "./senses.js";
import { say, words } from "./words.js";

const byId = (id) => document.getElementById(id);

export class Composer {
  constructor({ send, save }) {
    this.text = byId("text");
    this.send = send;
    this.save = save;
    this.context = null;
    byId("composer").addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) { event.preventDefault(); this.submit(); }
      if (event.key === "Escape") this.leave();
    });
    this.text.addEventListener("input", () => this.grow());
    byId("context-cancel").addEventListener("click", () => this.leave());
    byId("more").addEventListener("click", () => this.drawer(byId("drawer").hidden));
    byId("photo").addEventListener("click", () => byId("picture").click());
    byId("picture").addEventListener("change", () => this.pictures());
    byId("locate").addEventListener("click", () => this.place());
    this.recorder();
  }

  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight + 2, 200)}px`;
  }

  drawer(open) {
    byId("drawer").hidden = !open;
    byId("more").setAttribute("aria-expanded", String(open));
    if (open) byId("photo").focus();
  }

  fill(text) {
    this.text.value = text;
    this.grow();
    this.text.focus();
  }

  enter(kind, post, label) {
    this.context = { kind, post };
    byId("context-text").textContent = label;
    byId("context").hidden = false;
    if (kind === "edit") this.fill(post.text);
    this.text.focus();
  }

  leave() {
    if (this.context?.kind === "edit") this.fill("");
    this.context = null;
    byId("context").hidden = true;
    this.text.focus();
  }

  submit() {
    const text = this.text.value.trim();
    if (!text) return;
    const context = this.context;
    this.context = null;
    this.leave();
    this.fill("");
    if (context?.kind === "edit") this.save(context.post, text);
    else this.send({ text, ...this.answer(context) });
  }

  answer(context = this.context) {
    return context?.kind === "reply" ? { reply_to: context.post.id } : {};
  }

  async pictures() {
    const chosen = [...byId("picture").files].slice(0, 9);
    byId("picture").value = "";
    this.drawer(false);
    if (!chosen.length) return;
    await this.deliver(chosen.map((file) => [file, file.name || "photo", 0]));
  }

  async deliver(blobs) {
    network(words.uploading);
    try {
      const kept = [];
      for (const [blob, name, seconds] of blobs) kept.push(await upload(blob, name, seconds));
      const shown = Object.fromEntries(kept.map((file) => [file.ref, { kind: file.kind, duration: file.duration }]));
      this.send({ media: kept.map((file) => file.ref), ...this.answer() }, shown);
      if (this.context) this.leave();
    } catch (problem) {
      toast(problem.status === 413 ? words.too_large : problem.status ? problem.message : words.upload_failed);
    } finally {
      network("");
    }
  }

  async place() {
    this.drawer(false);
    toast(words.locating);
    try {
      this.send({ geo: await findPlace(), ...this.answer() });
      toast("");
    } catch {
      toast(words.locate_failed);
    }
  }

  recorder() {
    const button = byId("record");
    if (!canRecord) return;
    button.hidden = false;
    const show = (seconds) => network(say("recording", { seconds }));
    const recorder = new Recorder(show);
    const look = (live) => { button.classList.toggle("live", live); button.setAttribute("aria-pressed", String(live)); };
    button.addEventListener("click", async () => {
      if (recorder.live) { recorder.end(); return; }
      try {
        const done = recorder.begin();
        look(true);
        show(0);
        const { blob, seconds } = await done;
        await this.deliver([[blob, "voice", seconds]]);
      } catch {
        toast(words.record_failed);
      } finally {
        recorder.end();
        look(false);
        network("");
      }
    });
  }
}
