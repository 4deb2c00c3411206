// Agreeing to notices inside WeChat: its script is configured, its own buttons are shown, and what was chosen is said.

const ready = JSON.parse(document.getElementById("ready").textContent);
const words = JSON.parse(document.getElementById("words").textContent);
const told = document.getElementById("told");
const groups = [...document.querySelectorAll(".agree-group")];
const sdk = window.wx;

function say(text) { told.textContent = text; }

function shut(text) {
  groups.forEach((group) => group.classList.add("shut"));
  say(text);
}

// {"subscribeDetails": "{\"<form>\":\"{\\\"status\\\":\\\"accept\\\"}\"}"}: the inner values are texts again
function chosen(detail) {
  const known = JSON.parse((detail && detail.subscribeDetails) || "{}");
  return Object.values(known).map((one) => (typeof one === "string" ? JSON.parse(one) : one).status);
}

function answered(event) {
  let choices = [];
  try { choices = chosen(event.detail); } catch { say(words.failed); return; }
  say(choices.includes("accept") ? words.accepted : words.rejected);
}

function refused(event) {
  // 20004: the person has switched off every notice of the account
  say(String(event.detail && event.detail.errCode) === "20004" ? words.closed : words.failed);
}

document.querySelectorAll("wx-open-subscribe").forEach((tag) => {
  tag.addEventListener("success", answered);
  tag.addEventListener("error", refused);
});
document.addEventListener("WeixinOpenTagsError", () => shut(words.old));

if (sdk && /micromessenger/i.test(navigator.userAgent)) {
  let broken = false; // the script says "ready" after a failure too
  sdk.error(() => { broken = true; shut(words.failed); });
  sdk.config({
    appId: ready.app_id, timestamp: ready.timestamp, nonceStr: ready.nonce, signature: ready.signature,
    jsApiList: [], openTagList: ["wx-open-subscribe"],
  });
  sdk.ready(() => { if (!broken) say(""); });
} else {
  shut(words.outside);
}
