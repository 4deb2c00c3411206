// Calls to the HTTP API. Every failure is a Problem; `later` says that the same call may succeed another time.

export class Problem extends Error {
  constructor(status, code, title) {
    super(title || code);
    this.status = status;
    this.code = code;
    this.later = status === 0 || status === 429 || status >= 500;
  }
}

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function once(method, path, body) {
  const options = { method, headers: { "X-Linli": "1", Accept: "application/json" }, credentials: "same-origin" };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Problem(0, "offline");
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const told = await answer.json().catch(() => ({}));
  throw new Problem(answer.status, told.code || "failed", told.title);
}

// One at a time: two that begin side by side at a first visit would make two people of one.
let starting = null;
export function startSession() {
  starting ??= once("POST", "/api/session").finally(() => { starting = null; });
  return starting;
}

export async function call(method, path, body) {
  try {
    return await once(method, path, body);
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    await startSession();
    return once(method, path, body);
  }
}
