// The sentences and settings that the server put into the page.

const read = (id) => JSON.parse(document.getElementById(id)?.textContent || "{}");

export const words = read("words");
export const start = read("start");

export function say(name, values = {}) {
  return words[name].replace(/\{(\w+)\}/g, (_, gap) => values[gap] ?? "");
}
