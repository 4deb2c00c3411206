// The box for an invitation code: it is handed to the private chat, where the answer comes.

import { call, newId, startSession } from "./api.js";

const form = document.getElementById("invite");
const result = document.getElementById("invite-result");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const code = document.getElementById("code").value.trim();
  if (!/^[A-Za-z0-9_-]{1,62}$/.test(code)) { result.textContent = result.dataset.bad; return; }
  try {
    await startSession();
    await call("POST", "/api/chat/scan?wait=1", { scene: `i_${code}`, client_id: newId() });
    result.textContent = result.dataset.sent;
    location.assign("/");
  } catch (problem) {
    result.textContent = problem.message;
  }
});
