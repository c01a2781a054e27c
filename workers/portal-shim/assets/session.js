// Tokens: signing in and out, an access token that is good now, and requests that carry it.
const EARLY_MS = 60_000; // a token is exchanged so long before its end
const PATIENCE_S = 5; // nobody waits longer than this without being told why

let held = null; // { token, until }

class SignedOut extends Error {
  signedOut = true;
}

export function holdsToken() {
  return held !== null;
}

export function forget() {
  held = null;
}

async function reach(path, method, headers, body) {
  try {
    return await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  } catch {
    throw new Error("There is no connection. Try again in a moment.");
  }
}

// The session of this page: the refresh token travels in its cookie only.
function session(method, path, body) {
  return reach(path, method, body ? { "Content-Type": "application/json" } : {}, body);
}

async function keep(answer) {
  const { access_token, access_expires_at, account } = await answer.json();
  held = { token: access_token, until: Date.parse(access_expires_at) };
  return account;
}

export async function signIn(login, password) {
  const answer = await session("POST", "/worklist/session", { login, password });
  if (!answer.ok) {
    throw new Error(await why(answer));
  }
  return keep(answer);
}

// A refresh token is good once: two tabs that exchanged the same one would end the session.
export async function refresh() {
  return navigator.locks ? navigator.locks.request("dray-session", exchange) : exchange();
}

async function exchange() {
  const answer = await session("POST", "/worklist/session/refresh");
  if (answer.status === 204) { // nobody is signed in here
    held = null;
    return null;
  }
  if (!answer.ok) {
    throw new Error(await why(answer));
  }
  return keep(answer);
}

export async function signOut() {
  held = null;
  const answer = await session("DELETE", "/worklist/session");
  if (!answer.ok) {
    throw new Error(await why(answer));
  }
}

// An access token that is good for a while.
export async function token() {
  if (held === null || held.until - EARLY_MS < Date.now()) {
    if (!await refresh()) {
      throw new SignedOut();
    }
  }
  return held.token;
}

// A refusal that trying again does not change.
class Refused extends Error {
  isAnswer = true;
}

// A request with the token; gives the answer's JSON. Once more with a new token if the old one is refused, and
// once more in a moment if nothing but the haste was wrong with it: who opens the page again and again, waits.
export async function call(method, path, body, key) {
  let answer = await send(method, path, body, key);
  if (answer.status === 429 && seconds(answer) <= PATIENCE_S) {
    await new Promise((later) => { setTimeout(later, seconds(answer) * 1000); });
    answer = await send(method, path, body, key);
  }
  if (answer.status === 401) {
    held = null;
    answer = await send(method, path, body, key);
  }
  if (!answer.ok) {
    const isAnswer = answer.status < 500 && answer.status !== 429;
    throw new (isAnswer ? Refused : Error)(await why(answer));
  }
  return answer.json();
}

async function send(method, path, body, key) {
  const headers = { Accept: "application/json", Authorization: `Bearer ${await token()}` };
  if (body) {
    Object.assign(headers, { "Content-Type": "application/json", Prefer: "wait=5" });
  }
  if (key) {
    headers["Idempotency-Key"] = key;
  }
  return reach(path, method, headers, body);
}

// After how many seconds to try again; NaN where the answer does not say.
function seconds(answer) {
  return Number.parseInt(answer.headers.get("Retry-After"), 10);
}

// What a refusal says, for a person.
async function why(answer) {
  const problem = await answer.json().catch(() => ({}));
  const again = answer.headers.get("Retry-After");
  const text = problem.detail ?? problem.title ?? `The request failed (${answer.status}).`;
  return again ? `${text} Try again in ${again} s.` : text;
}
