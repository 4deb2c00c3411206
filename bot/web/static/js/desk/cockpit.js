// The cockpit: figures with their formulas, charts, a map of the grids, and the records behind every number. Live.

import { box, call, h, options, say, time, when } from "./base.js";

const BY = ["community", "grid", "department", "item"];
const COUNTS = ["received", "open", "overdue", "resolved", "rated", "reopened"];
const TILES = ["received", "open", "overdue", "again"];
const OF = {
  response_rate: "due_for_response", resolution_rate: "rated", satisfaction_rate: "rated", rating_coverage: "resolved", ontime_rate: "due_for_resolution",
  reopened_rate: "reopened", escalated_rate: "escalated", merged_rate: "merged", mean_handling_minutes: "resolved", p90_handling_minutes: "resolved",
};
const LIMITS = [0.25, 1, 4, 24, 72, 240, 720]; // hours people speak of: 15 minutes, an hour, …, 30 days
const big = document.body.classList.contains("big");
const ink = big ? "#e8f3ee" : "#1a1a1a", soft = big ? "#a9c4b8" : "#5c5c5c", line = big ? "#2b4a40" : "#e2e2e2";
const colours = big ? ["#3ddc97", "#58b7ff", "#ffb454"] : ["#06763a", "#0a63c9", "#b86e00"];
const query = Object.fromEntries(new URLSearchParams(location.search));
const wanted = { period: query.period || "30d", by: query.by || "community", dimension: query.dimension || "", key: query.key || "" };
const charts = {};
let data = null, mapKey = "";

const place = (id) => document.getElementById(id);
const chart = (id) => charts[id] ??= globalThis.echarts.init(place(id), null, { renderer: "canvas" });

function address(more = {}) {
  return new URLSearchParams(Object.entries({ ...wanted, ...more, ...(big ? { screen: "1" } : {}) }).filter(([, value]) => value)).toString();
}

function params(more = {}) {
  const { period, dimension, key } = wanted;
  return new URLSearchParams(Object.entries({ period, dimension, key, ...more }).filter(([, value]) => value !== "")).toString();
}

export function percent(figure) {
  if (figure.value === null) return "–";
  if (figure.name.endsWith("_minutes")) return span(figure.value);
  return `${(figure.value * 100).toFixed(1)} %`;
}

function span(minutes) {
  if (minutes < 60) return say("minutes", { count: Math.round(minutes) });
  if (minutes < 2880) return say("hours", { count: Number((minutes / 60).toFixed(1)) });
  return say("days", { count: Number((minutes / 1440).toFixed(1)) });
}

function change(values) {
  Object.assign(wanted, values);
  history.replaceState(null, "", `/cockpit?${address()}`);
  return load();
}

function drawChoices() {
  const names = data.periods.map((id) => ({ id, name: periodName(id) }));
  if (!data.periods.includes(wanted.period)) names.push({ id: wanted.period, name: periodName(wanted.period) });
  place("choices").replaceChildren(
    h("select", { "aria-label": say("period"), onchange: (event) => change({ period: event.target.value }) }, options(names, wanted.period)),
    h("select", { "aria-label": say("by"), onchange: (event) => change({ by: event.target.value }) }, options(BY.map((id) => ({ id, name: say(`by_${id}`) })), wanted.by)),
  );
  const crumb = place("crumb");
  crumb.hidden = !wanted.dimension;
  const name = data.rows.length === 1 && wanted.by === wanted.dimension ? data.rows[0].name : wanted.name || wanted.key;
  crumb.replaceChildren(h("button", { type: "button", class: "plain", onclick: () => change({ dimension: "", key: "", name: "" }) }, say("whole")), ` › ${name}`);
}

export function periodName(id) {
  const days = /^(\d+)d$/.exec(id), quarter = /^(\d+)Q(\d)$/.exec(id), month = /^(\d+)-(\d+)$/.exec(id);
  if (days) return say("last_days", { count: days[1] });
  if (quarter) return say("quarter", { year: quarter[1], quarter: quarter[2] });
  if (month) return say("month", { year: month[1], month: Number(month[2]) });
  return say("year", { year: id });
}

function tile(name, text, counted, note) {
  return h("button", { type: "button", class: `tile${name === "overdue" && text !== "0" ? " bad" : ""}`, onclick: () => behind(counted, note?.title ?? say(name)) },
    h("span", { class: "tile-name" }, note?.title ?? say(name)), h("b", {}, text),
    note ? h("small", {}, note.formula, note.denominator ? h("span", { class: "parts" }, ` ${Number(note.numerator.toFixed(1))} ÷ ${note.denominator}`) : "") : h("small", {}, say(`${name}_note`)),
    note ? h("small", { class: "without" }, note.without) : "");
}

function drawTiles() {
  const counts = { ...data.total.counts, again: data.again };
  place("tiles").replaceChildren(
    ...TILES.map((name) => tile(name, String(counts[name]), name)),
    ...data.total.figures.map((figure) => tile(figure.name, percent(figure), OF[figure.name], figure)),
  );
}

async function behind(counted, title, more = {}) {
  const rows = h("ul", { class: "rows" }), note = h("p", { class: "quiet" }), next = h("button", { type: "button", class: "plain" }, say("more"));
  let after = "0";
  const fetchMore = async () => {
    const found = await call("GET", `/api/desk/cockpit/records?${params({ ...more, counted, after })}`);
    rows.append(...found.rows.map((row) => h("li", { class: `row state-${row.state}` }, h("a", { href: `/desk/${row.number}` },
      h("span", { class: "row-head" }, h("b", { class: "number" }, String(row.number)), ` ${row.kind}`), h("span", { class: "row-words" }, row.words),
      h("span", { class: "row-foot" }, h("span", {}, row.place), h("span", {}, row.queue_name), h("span", {}, row.state_name), h("span", { class: "due" }, time(row.received_at)))))));
    note.textContent = found.note;
    after = found.after;
    next.hidden = !after;
  };
  next.addEventListener("click", fetchMore);
  box(title, note, rows, next);
  await fetchMore();
}

const axis = { axisLabel: { color: soft }, axisLine: { lineStyle: { color: line } }, splitLine: { lineStyle: { color: line } } };
const base = { color: colours, textStyle: { color: ink, fontSize: big ? 16 : 13 }, tooltip: { trigger: "axis", renderMode: "richText" }, grid: { left: 52, right: 20, top: 36, bottom: 28 }, legend: { textStyle: { color: ink }, top: 0 }, animation: false };

function drawTrend() {
  const series = (name, type) => ({ name: say(name), type, data: data.trend.map((day) => day[name]), showSymbol: false, smooth: true, lineStyle: { width: 3 } });
  chart("trend").setOption({ ...base, xAxis: { type: "category", data: data.trend.map((day) => day.day.slice(5)), ...axis }, yAxis: { type: "value", minInterval: 1, ...axis }, series: [{ ...series("received", "bar"), barMaxWidth: 18 }, series("resolved", "line")] }, true);
}

function drawCurves() {
  const points = (steps) => steps.map((step) => [step.minutes / 60, step.share === null ? null : step.share * 100]);
  chart("curves").setOption({ ...base, tooltip: { trigger: "item", renderMode: "richText", formatter: (one) => `${one.seriesName}  ${span(one.value[0] * 60)}  ${one.value[1].toFixed(1)} %` },
    xAxis: { type: "log", logBase: 4, min: 0.16, ...axis, splitLine: { show: false }, axisTick: { customValues: LIMITS }, axisLabel: { color: soft, customValues: LIMITS, hideOverlap: true, formatter: (value) => span(value * 60) } }, yAxis: { type: "value", min: 0, max: 100, ...axis, axisLabel: { color: soft, formatter: "{value} %" } },
    series: [["response_curve", data.response], ["resolution_curve", data.resolution]].map(([name, steps]) => ({ name: say(name), type: "line", data: points(steps), symbolSize: 8, lineStyle: { width: 3 } })) }, true);
}

function drawLoad() {
  const people = [...data.load].reverse().slice(-12);
  chart("load").setOption({ ...base, grid: { left: 84, right: 20, top: 36, bottom: 24 }, xAxis: { type: "value", minInterval: 1, ...axis }, yAxis: { type: "category", data: people.map((one) => one.name), ...axis },
    series: [{ name: say("in_time"), type: "bar", stack: "one", data: people.map((one) => one.held - one.overdue), barMaxWidth: 18 }, { name: say("overdue"), type: "bar", stack: "one", data: people.map((one) => one.overdue), itemStyle: { color: "#d64545" } }] }, true);
}

function drawMap() {
  const drawn = data.heat.filter((grid) => grid.outline.length > 2);
  place("map").hidden = !drawn.length;
  place("mosaic").hidden = Boolean(drawn.length);
  if (!drawn.length) { drawMosaic(); return; }
  const key = JSON.stringify(drawn.map((grid) => [grid.grid, grid.outline.length]));
  if (key !== mapKey) {
    const ring = (outline) => [...outline, outline[0]];
    globalThis.echarts.registerMap("grids", { type: "FeatureCollection", features: drawn.map((grid) => ({ type: "Feature", properties: { name: grid.name }, geometry: { type: "Polygon", coordinates: [ring(grid.outline)] } })) });
    mapKey = key;
  }
  const most = Math.max(1, ...drawn.map((grid) => grid.received));
  const map = chart("map");
  map.setOption({ ...base, tooltip: { trigger: "item", renderMode: "richText", formatter: (one) => { const grid = one.data?.of; return grid ? `${grid.name}\n${say("received")} ${grid.received}  ${say("open")} ${grid.open}  ${say("overdue")} ${grid.overdue}` : one.name; } },
    visualMap: { min: 0, max: most, calculable: true, orient: "horizontal", left: "center", bottom: 0, itemHeight: 110, textStyle: { color: ink }, inRange: { color: big ? ["#12382c", "#3ddc97", "#ffe066", "#ff6b4a"] : ["#e8f7ee", "#7fd0a0", "#f4c95d", "#d64545"] } },
    series: [{ type: "map", map: "grids", left: 6, right: 6, top: 6, bottom: 50, data: drawn.map((grid) => ({ name: grid.name, value: grid.received, of: grid })), label: { show: drawn.length < 40, formatter: (one) => { const grid = one.data?.of; return grid ? grid.name.replace(grid.community, `${grid.community}\n`) : one.name; }, color: big ? "#fff" : "#1a1a1a", fontSize: big ? 14 : 12, lineHeight: big ? 19 : 16 }, emphasis: { label: { color: "#000" } }, select: { disabled: true }, showLegendSymbol: false }] }, true);
  map.off("click");
  map.on("click", (one) => { if (one.data?.of) change({ dimension: "grid", key: one.data.of.grid, name: one.data.of.name, by: "item" }); });
}

function drawMosaic() {
  const most = Math.max(1, ...data.heat.map((grid) => grid.received)), groups = Map.groupBy ? Map.groupBy(data.heat, (grid) => grid.community) : group(data.heat);
  place("mosaic").replaceChildren(...[...groups].map(([community, grids]) => h("div", { class: "mosaic-row" }, h("h3", {}, community), h("div", { class: "mosaic-cells" }, grids.map((grid) =>
    h("button", { type: "button", class: `cell heat-${Math.min(5, Math.ceil((grid.received / most) * 5))}`, onclick: () => change({ dimension: "grid", key: grid.grid, name: grid.name, by: "item" }) },
      h("span", {}, grid.name.replace(community, "")), h("b", {}, String(grid.received)), grid.overdue ? h("small", {}, say("overdue_count", { count: grid.overdue })) : ""))))));
}

function group(heat) {
  const found = new Map();
  for (const grid of heat) found.set(grid.community, [...(found.get(grid.community) ?? []), grid]);
  return found;
}

function drawHot() {
  place("hot").replaceChildren(...(data.hot.length ? data.hot.map((one) => h("li", {}, h("a", { href: `/desk?bucket=all&item=${one.item}` }, `${one.place} · ${one.kind}`), h("b", {}, say("times", { count: one.count })))) : [h("li", { class: "quiet" }, say("hot_none"))]));
}

function drawTable() {
  const head = h("tr", {}, h("th", { scope: "col" }, say(`by_${data.by}`)), COUNTS.map((name) => h("th", { scope: "col" }, say(name))), data.total.figures.map((figure) => h("th", { scope: "col", title: `${figure.formula}\n${figure.without}` }, figure.title)));
  const row = (one, first) => h("tr", { class: first ? "first" : "" }, h("th", { scope: "row" }, first ? one.name : h("button", { type: "button", class: "plain", onclick: () => change({ dimension: data.by, key: one.key, name: one.name, by: data.by === "item" ? "grid" : "item" }) }, one.name)),
    COUNTS.map((name) => h("td", {}, first || !one.counts[name] ? String(one.counts[name]) : h("button", { type: "button", class: `plain${name === "overdue" ? " late" : ""}`, onclick: () => behind(name, `${one.name} · ${say(name)}`, { dimension: data.by, key: one.key }) }, String(one.counts[name])))),
    one.figures.map((figure) => h("td", { title: `${Number(figure.numerator.toFixed(1))} ÷ ${figure.denominator}` }, percent(figure))));
  place("table").replaceChildren(h("thead", {}, head), h("tbody", {}, row(data.total, true), data.rows.map((one) => row(one, false))));
  place("version").textContent = say("version", { version: data.version, seq: data.seq });
}

function drawJoint() {
  const { units, ...sums } = data.joint;
  place("joint-card").hidden = !sums.blown || Boolean(wanted.dimension);
  place("joint-sum").textContent = say("joint_sum", sums);
  const stars = (mean, count) => (mean === null ? "–" : say("joint_stars", { mean: mean.toFixed(1), count }));
  const cells = (one) => [one.parts, one.led, one.in_time + one.late ? `${one.in_time} / ${one.in_time + one.late}` : "–", stars(one.stars, one.rated), stars(one.stars_of_caller, one.rated_caller)];
  place("joint").replaceChildren(
    h("thead", {}, h("tr", {}, ["unit", "parts", "led", "in_time", "of_unit", "of_caller"].map((name) => h("th", { scope: "col" }, say(`joint_${name}`))))),
    h("tbody", {}, units.map((one) => h("tr", {}, h("th", { scope: "row" }, one.name), cells(one).map((text) => h("td", {}, String(text)))))));
}

async function load() {
  data = await call("GET", `/api/desk/cockpit?${params({ by: wanted.by })}`);
  place("at").textContent = say("as_of", { time: when(data.at) });
  place("at").dateTime = data.at;
  for (const draw of [drawChoices, drawTiles, drawMap, drawTrend, drawCurves, drawHot, drawLoad, drawJoint, drawTable]) draw();
  Object.values(charts).forEach((one) => one.resize());
  document.body.dataset.seq = String(data.seq);
}

addEventListener("resize", () => Object.values(charts).forEach((one) => one.resize()));

let waiting = 0;
function follow() {
  const live = place("live"), source = new EventSource("/api/desk/stream");
  source.addEventListener("open", () => { live.textContent = say("live"); live.classList.add("on"); });
  source.addEventListener("changed", (event) => { if (data && Number(event.data) === data.seq) return; clearTimeout(waiting); waiting = setTimeout(() => load().catch(() => {}), 500); });
  source.addEventListener("gone", () => { source.close(); location.reload(); });
  source.addEventListener("error", () => { live.textContent = say("not_live"); live.classList.remove("on"); if (source.readyState === EventSource.CLOSED) setTimeout(follow, 5000); });
}

await load();
follow();
setInterval(() => load().catch(() => {}), 60000);
document.body.dataset.ready = "1";
