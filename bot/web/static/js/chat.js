// Puts the chat page together: session, history, stream, composer, unsent messages.

import { call, newId, startSession } from "./api.js";
import { Composer } from "./composer.js";
import { Log } from "./log.js";
import { network, toast, viewPicture } from "./notices.js";
import { Outbox } from "./outbox.js";
import { Stream } from "./stream.js";
import { say, start, words } from "./words.js";

const EDIT_FOR = 10 * 60 * 1000;
const SCAN_ID = newId();
const api = start.api;
const earlier = document.getElementById("earlier");

const act = {
  room: start.room,
  view: viewPicture,
  press,
  quote: (id) => log.get(id)?.text.slice(0, 60) || "",
  retry: (post) => { outbox.retry(post.client_id); },
  drop: (post) => { outbox.drop(post.client_id); log.forget(post.client_id); },
  edit: (post) => composer.enter("edit", post, words.editing),
  reply: (post) => composer.enter("reply", post, say("replying", { text: post.text.slice(0, 40) })),
  mayEdit: (post) => Date.now() - new Date(post.at).getTime() < EDIT_FOR,
};

const log = new Log(act);
const outbox = new Outbox(api, changed);
const composer = new Composer({ send, save });
let stuck = false;
const stream = new Stream(api, { post: arrived, toast: told, state: connected });

function send(body, shown = {}) {
  outbox.add({ ...body, client_id: newId(), at: new Date().toISOString(), shown });
}

// A break is told by the stream or by a message that does not get out, whichever sees it: each may outlive the other.
function changed(message, state) {
  log.pend(message, state);
  if (state === "waiting") broken();
  else if (stuck && state !== "sending" && stream.lives()) mended();
}

function broken() {
  stuck = true;
  network(navigator.onLine ? words.connecting : words.offline);
}

function mended() {
  stuck = false;
  network("");
}

async function save(post, text) {
  try {
    await call("PUT", `${api}/messages/${post.id}`, { text, client_id: newId() });
  } catch (problem) {
    composer.fill(text);
    toast(problem.message || words.failed);
  }
}

async function press(post, key, button) {
  if (button.getAttribute("aria-busy")) return;
  const body = { token: key.token, post: post.id, client_id: newId() };
  button.setAttribute("aria-busy", "true");
  for (let tries = 0; ; tries += 1) {
    try {
      await call("POST", `${api}/presses`, body);
      break;
    } catch (problem) {
      if (problem.later && tries < 3) {
        await new Promise((resolve) => setTimeout(resolve, 600 * 2 ** tries));
        continue;
      }
      toast(problem.status && !problem.later ? problem.message : words.press_failed);
      break;
    }
  }
  button.removeAttribute("aria-busy");
}

function arrived(post) {
  if (!earlier.hidden && log.isBefore(post.id)) return; // comes with the older messages, without a gap
  log.put([post]);
  if (post.asks && !document.hidden) act.reply(log.get(post.id));
}

function told({ text, alert }) {
  toast(text, alert);
}

function connected(state) {
  if (state === "open") { mended(); outbox.hurry(); }
  else if (state === "gone") { network(words.gone); document.getElementById("composer").hidden = true; }
  else broken();
}

async function history() {
  const page = await call("GET", `${api}/messages?limit=50`);
  log.put(page.posts, { first: true });
  earlier.hidden = !page.more;
  stream.seen(page.cursor);
}

async function loadEarlier() {
  const page = await call("GET", `${api}/messages?limit=50&before=${log.oldest()}`);
  log.put(page.posts, { older: true });
  earlier.hidden = !page.more;
}

async function arrive() {
  const query = new URLSearchParams(location.search);
  if (location.search) window.history.replaceState(null, "", location.pathname);
  if (start.scene) await call("POST", "/api/chat/scan", { scene: start.scene, client_id: SCAN_ID });
  const wanted = query.get("say");
  if (wanted && [...document.querySelectorAll("[data-say]")].some((button) => button.dataset.say === wanted)) send({ text: wanted });
}

async function begin(wait = 1000) {
  try {
    if (!start.room) await startSession();
    await history();
    stream.open();
    await arrive();
  } catch (problem) {
    if (!problem.later) { network(problem.message || words.failed); return; }
    broken();
    setTimeout(() => begin(Math.min(wait * 2, 30000)), wait);
  }
}

for (const button of document.querySelectorAll("[data-say]")) button.addEventListener("click", () => send({ text: button.dataset.say }));
for (const button of document.querySelectorAll("[data-fill]")) button.addEventListener("click", () => composer.fill(button.dataset.fill));
earlier.addEventListener("click", () => loadEarlier().catch((problem) => toast(problem.message)));
for (const message of outbox.all()) log.pend(message, message.failed ? "failed" : "waiting");
begin();
