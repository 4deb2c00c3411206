// Draws posts. Text goes in as text nodes only; nothing a person wrote is ever markup.

import { say, words } from "./words.js";

const ICONS = new URL("../icons.svg", import.meta.url).pathname;
const LOGO = new URL("../logo.svg", import.meta.url).pathname;
const LINKS = /(https?:\/\/[^\s<>"'，。；、）】]+)|(?<![\d-])(110|119|120|122|12345)(?![\d-])/g;

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${ICONS}#${name}`);
  svg.append(use);
  return svg;
}

export function clock(moment) {
  const at = new Date(moment);
  const day = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const ago = Math.round((day(new Date()) - day(at)) / 86400000);
  const time = `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
  if (ago === 0) return time;
  if (ago === 1) return `${words.yesterday} ${time}`;
  return `${say("date", { month: at.getMonth() + 1, day: at.getDate() })} ${time}`;
}

export function authorOf(post) {
  if (post.mine) return words.me;
  return post.bot ? words.bot : post.name || say("member", { tail: "" });
}

function withLinks(text, bot) {
  const out = [];
  let last = 0;
  for (const match of text.matchAll(LINKS)) {
    if (match[2] && !bot) continue;
    out.push(text.slice(last, match.index));
    const href = match[1] || `tel:${match[2]}`;
    out.push(el("a", match[1] ? { href, target: "_blank", rel: "noopener noreferrer" } : { href }, match[0]));
    last = match.index + match[0].length;
  }
  return [...out, text.slice(last)];
}

function avatar(post) {
  if (post.bot) return el("div", { class: "avatar", "aria-hidden": "true" }, el("img", { src: LOGO, alt: "" }));
  const name = authorOf(post);
  const tone = post.mine ? "" : ` tone-${Array.from(name).reduce((sum, char) => sum + char.codePointAt(0), 0) % 4}`;
  return el("div", { class: `avatar${tone}`, "aria-hidden": "true" }, Array.from(name)[0] || "");
}

function files(post, act) {
  const photos = post.media.filter((file) => file.kind === "photo");
  const alt = say("photo_alt", { name: authorOf(post) });
  const nodes = photos.length
    ? [el("div", { class: "photos" }, ...photos.map((file) =>
        el("button", { type: "button", onclick: () => act.view(file, alt) }, el("img", { src: file.url, alt, loading: "lazy" }))))]
    : [];
  for (const file of post.media) {
    if (file.kind === "voice") {
      const label = file.duration ? say("voice_seconds", { seconds: file.duration }) : words.voice;
      nodes.push(el("div", { class: "voice" }, el("audio", { controls: true, preload: "none", src: file.url, "aria-label": label })));
    } else if (file.kind !== "photo") {
      nodes.push(el("a", { class: "row-link", href: file.url }, icon("file"), words.file));
    }
  }
  return nodes;
}

function place(geo) {
  const round = (value) => value.toFixed(5);
  const label = say("place_alt", { lat: round(geo.lat), lon: round(geo.lon) });
  return el("div", { class: "row-link", role: "img", "aria-label": label }, icon("pin"), words.place, ` ${round(geo.lat)}, ${round(geo.lon)}`);
}

function buttons(post, act) {
  return post.keys.map((row) => el("div", { class: "keys" }, ...row.map((key) => {
    const chosen = post.pressed === key.token;
    return el("button", { type: "button", class: "key", "data-token": key.token, "aria-pressed": chosen ? "true" : null,
      onclick: (event) => act.press(post, key, event.currentTarget) }, chosen ? icon("check") : null, key.label);
  })));
}

function link(address) {
  if (!/^(https?:\/\/|\/(?!\/))/.test(address)) return null;
  const outside = address.startsWith("http");
  return el("a", { class: "row-link", href: address, target: outside ? "_blank" : null, rel: "noopener noreferrer" }, icon("link"), words.link);
}

function under(post, act) {
  const row = el("div", { class: "under" });
  const button = (text, action) => el("button", { type: "button", onclick: () => action(post) }, text);
  if (post.state === "failed") row.append(el("span", { class: "bad" }, post.failed || words.failed), button(words.retry, act.retry), button(words.drop, act.drop));
  else if (post.state) row.append(words[post.state]);
  else {
    if (post.edited_at && !post.bot) row.append(words.edited);
    if (post.editable) row.append(button(words.edit, act.edit));
    if (post.replyable) row.append(button(words.reply, act.reply));
  }
  return row;
}

export function draw(post, act) {
  const quoted = post.reply_to ? act.quote(post.reply_to) : "";
  const parts = [
    quoted ? el("span", { class: "quote" }, quoted) : null,
    ...files(post, act),
    post.text ? el("div", { class: "text" }, ...withLinks(post.text, post.bot)) : null,
    post.geo ? place(post.geo) : null,
    ...buttons(post, act),
    post.link ? link(post.link) : null,
  ];
  const bare = !post.text && !post.geo && !post.keys.length && !quoted && post.media.every((file) => file.kind === "photo");
  const shape = bare ? " bare" : post.keys.length ? " wide" : "";
  const name = post.mine || (post.bot && !act.room) ? el("span", { class: "hidden" }, `${authorOf(post)}：`) : el("div", { class: "who" }, authorOf(post));
  const body = el("div", { class: "post-body" }, name, el("div", { class: `bubble${shape}` }, ...parts), under(post, act));
  const state = post.state ? " pending" : "";
  return el("article", { class: `post ${post.mine ? "mine" : "theirs"}${post.bot ? " bot" : ""}${state}`, "data-id": post.id || null,
    "data-client": post.client_id || null }, avatar(post), body);
}
