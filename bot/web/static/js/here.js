// Checking in at a place inside WeCom: the phone tells where it is, and the position is sent once.

const ready = JSON.parse(document.getElementById("ready").textContent);
const words = JSON.parse(document.getElementById("words").textContent);
const told = document.getElementById("told");
const button = document.getElementById("here");
const sdk = window.wx;

function say(text, again) {
  told.textContent = text;
  button.disabled = !again;
}

async function send(lat, lon) {
  say(words.sending, false);
  try {
    const answer = await fetch("/wecom/here", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Linli": "1" },
      body: JSON.stringify({ token: ready.token, lat, lon }),
    });
    if (answer.status === 204) { say(words.done, false); return; }
    say(answer.status === 403 ? words.over : words.failed, answer.status >= 500);
  } catch {
    say(words.failed, true);
  }
}

button.addEventListener("click", () => {
  if (!sdk) { say(words.outside, false); return; }
  say(words.looking, false);
  sdk.getLocation({
    type: "gcj02",
    success: (found) => send(Number(found.latitude), Number(found.longitude)),
    fail: () => say(words.denied, true),
    cancel: () => say(words.denied, true),
  });
});

if (sdk) {
  sdk.config({
    beta: true, appId: ready.app_id, timestamp: ready.timestamp, nonceStr: ready.nonce, signature: ready.signature,
    jsApiList: ["getLocation"],
  });
  sdk.error(() => say(words.denied, false));
} else {
  say(words.outside, false);
}
