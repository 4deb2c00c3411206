// A hall's screen: rolls the notes by itself and asks for news now and then. Without scripts the page reloads instead.

const main = document.getElementById("content");
const roll = document.getElementById("roll");
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const PIXELS_A_SECOND = 28;
const REST_MS = 5000;
let shown = document.getElementById("notes").innerHTML;
let waitUntil = performance.now() + REST_MS;
let last = performance.now();
let at = 0;

function step(now) {
  const most = roll.scrollHeight - roll.clientHeight;
  if (now > waitUntil && most > 8) {
    at += (PIXELS_A_SECOND * Math.min(now - last, 100)) / 1000;
    if (at >= most) {
      at = 0;
      waitUntil = now + REST_MS;
    }
    roll.scrollTop = at;
  }
  last = now;
  requestAnimationFrame(step);
}

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.getElementById("figures").innerHTML = page.getElementById("figures").innerHTML;
    const next = page.getElementById("notes").innerHTML;
    if (next !== shown) {
      document.getElementById("notes").innerHTML = next;
      shown = next;
    }
  } catch {
    // offline: the wall stays as it is until the next try
  }
}

if (roll && !calm) requestAnimationFrame(step);
setInterval(refresh, Number(main.dataset.refresh) * 1000);
