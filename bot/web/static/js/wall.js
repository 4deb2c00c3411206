// Keeps the wall fresh while somebody looks at it. The page is complete without this.

const wall = document.getElementById("wall");
let shown = wall.innerHTML;

async function refresh() {
  if (document.hidden || wall.contains(document.activeElement)) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("wall").innerHTML;
    if (next !== shown) { wall.innerHTML = next; shown = next; }
  } catch {
    // offline: the wall stays as it is until the next try
  }
}

setInterval(refresh, Number(wall.dataset.refresh) * 1000);
