// The merchant's work list: signing in, listing, reporting, labels, live updates. The access token lives in
// this module and nowhere else; the refresh token is in a cookie that no script can read.
import { eventsOf } from "/assets/events.js";
import { call, forget, holdsToken, refresh, signIn, signOut, token } from "/assets/session.js";

const PAGE = 50;
const PAGE_MAX = 200;
const RECONNECT_MS = 5000;
const GATHER_MS = 1000; // news that come together are looked at together
const LABELS_AT_ONCE = 50;
const GOOD = ["APPLIED", "DUPLICATE", "STALE", "PARKED"];
// What may be reported of a waybill that stands there, by its merchant.
const REPORTS = { ACKNOWLEDGED: ["CREATED"], PICKED: ["CREATED", "ACKNOWLEDGED"] };

const at = (id) => document.getElementById(id);
const list = at("list");
const rows = new Map(); // waybill number -> { element, waybill }
let next = null; // cursor of the page after the last one shown
let live = null; // what ends the stream of updates
let role = null; // of whoever is signed in

// ---- saying things --------------------------------------------------------------------------------

function say(text) {
  at("status").textContent = text;
}

function complain(text) {
  at("alert").textContent = text;
}

async function attempt(what) {
  complain("");
  try {
    return await what();
  } catch (error) {
    if (error.signedOut) {
      showSignIn("Your session is over. Sign in again.");
    } else {
      complain(error.message);
    }
    return undefined;
  }
}

// ---- signing in and out ---------------------------------------------------------------------------

function showSignIn(text) {
  stopListening();
  forget();
  rows.clear();
  list.replaceChildren();
  at("desk").hidden = true;
  at("sign-in").hidden = false;
  at("password").value = "";
  say(text);
  at(at("login").value ? "password" : "login").focus();
}

async function showDesk(account) {
  at("who").textContent = account.merchant ? `${account.name} (${account.merchant})` : account.name;
  at("sign-in").hidden = true;
  at("desk").hidden = false;
  role = account.role;
  await show();
  listen();
}

at("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.submitter;
  button.disabled = true;
  await attempt(async () => {
    const account = await signIn(at("login").value, at("password").value);
    at("password").value = "";
    await showDesk(account);
    at("desk-heading").focus();
  });
  button.disabled = false;
});

at("sign-out").addEventListener("click", () => attempt(async () => {
  await signOut();
  showSignIn("You are signed out.");
}));

// ---- the list -------------------------------------------------------------------------------------

function query(limit, cursor) {
  const filters = new URLSearchParams(new FormData(at("filters")));
  const kept = [...filters].filter(([, value]) => value !== "");
  const parts = new URLSearchParams([...kept, ["limit", limit]]);
  if (cursor) {
    parts.set("cursor", cursor);
  }
  return parts;
}

// Shows what the filters let through: the first page, as many as are shown now, or the page at a cursor. Rows
// that stay are left where they are: a checkbox keeps its tick and a button the focus.
async function show({ limit = PAGE, cursor = null, always = true } = {}) {
  const count = rows.size;
  const page = await call("GET", `/v1/waybills?${query(limit, cursor)}`);
  let before = cursor ? list.lastElementChild : null;
  if (!cursor) {
    const there = new Set(page.waybills.map((waybill) => waybill.waybill_no));
    [...rows.keys()].filter((number) => !there.has(number)).forEach(drop);
  }
  page.waybills.forEach((waybill) => {
    before = put(waybill, before);
  });
  next = page.next ?? null;
  at("more").hidden = !next;
  counted();
  if (!always && rows.size === count) {
    return; // nobody asked, and nothing came or went
  }
  if (rows.size > 0) {
    say(`${rows.size} waybills are shown.`);
  } else {
    say(next ? "Nothing on this page: show more." : "Nothing to show with these filters.");
  }
}

// How many are to be asked for so that nothing that is shown goes.
function shown() {
  return Math.min(PAGE_MAX, Math.max(PAGE, rows.size));
}

function drop(number) {
  rows.get(number).element.remove();
  rows.delete(number);
}

// Shows a waybill in its place, or behind the row before it; gives its row. What is older than what is shown
// changes nothing.
function put(news, before) {
  const known = rows.get(news.waybill_no);
  if (known && known.waybill.version > news.version) {
    return known.element;
  }
  const waybill = { ...known?.waybill, ...news };
  const element = known?.element ?? newRow(waybill.waybill_no);
  rows.set(waybill.waybill_no, { element, waybill });
  const write = (name, text) => {
    element.querySelector(`[data-is=${name}]`).textContent = text;
  };
  write("status", words(waybill.status) + (waybill.held ? ", on hold" : ""));
  write("day", `${waybill.delivery_date}, ${waybill.timeslot}`);
  element.querySelectorAll("[data-report]").forEach((button) => {
    const mayReport = role === "merchant" && waybill.fulfilled_by === "merchant";
    button.hidden = !mayReport || !REPORTS[button.dataset.report].includes(waybill.status);
  });
  if (!known) {
    list.insertBefore(element, before ? before.nextSibling : list.firstChild);
  }
  return element;
}

function newRow(number) {
  const element = at("row").content.firstElementChild.cloneNode(true);
  element.dataset.number = number;
  element.querySelectorAll("[data-is=number]").forEach((place) => {
    place.textContent = number;
  });
  return element;
}

function words(status) {
  const text = status.toLowerCase().replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

at("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => show());
});
at("more").addEventListener("click", () => attempt(async () => {
  const before = list.children.length;
  await show({ cursor: next });
  list.children[before]?.querySelector("input").focus();
}));

// ---- choosing several -----------------------------------------------------------------------------

function chosen() {
  return [...list.querySelectorAll("input:checked")].map((box) => box.closest("li").dataset.number);
}

function counted() {
  const count = chosen().length;
  at("count").textContent = `${count} selected`;
  at("all").checked = count > 0 && count === list.children.length;
  at("all").indeterminate = count > 0 && count < list.children.length;
  document.querySelectorAll("[data-many]").forEach((button) => {
    button.disabled = count === 0;
  });
}

at("all").addEventListener("change", () => {
  list.querySelectorAll("input").forEach((box) => {
    box.checked = at("all").checked;
  });
  counted();
});
list.addEventListener("change", counted);

// ---- reporting ------------------------------------------------------------------------------------

// One key for one wish: pressing a button again after a lost answer reports the same thing, not a second one.
const wishes = new Map();

async function report(numbers, status) {
  const wish = `${status} ${numbers.join(" ")}`;
  const { key, occurred_at } = wishes.get(wish) ?? { key: newKey(), occurred_at: new Date().toISOString() };
  wishes.set(wish, { key, occurred_at });
  try {
    const answer = numbers.length === 1
      ? await call("POST", `/v1/waybills/${encodeURIComponent(numbers[0])}/reports`, { status, occurred_at }, key)
      : await call("POST", "/v1/reports", {
        reports: numbers.map((waybill_no) => ({ waybill_no, status, occurred_at })),
      }, key);
    wishes.delete(wish);
    return answer;
  } catch (error) {
    if (error.isAnswer) {
      wishes.delete(wish);
    }
    throw error;
  }
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function reportAndSay(numbers, status) {
  const answer = await report(numbers, status);
  const refused = (answer.items ?? []).filter((item) => !GOOD.includes(item.code));
  await (numbers.length === 1 ? reread(numbers[0]) : show({ limit: shown() }));
  const is = answer.outcome === "accepted" ? "is being" : "is";
  const what = words(status).toLowerCase();
  if (numbers.length === 1) {
    say(`${numbers[0]} ${is} ${what}.`);
    return;
  }
  say(`${numbers.length - refused.length} of ${numbers.length} waybills: ${what}.`);
  if (refused.length > 0) {
    const [first] = refused;
    complain(`${refused.length} refused, the first is ${numbers[first.item]}: ${first.detail ?? first.code}`);
  }
}

async function reread(number) {
  put(await call("GET", `/v1/waybills/${encodeURIComponent(number)}`));
}

list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) {
    return;
  }
  const row = button.closest("li");
  if (button.dataset.report) {
    attempt(async () => {
      await reportAndSay([row.dataset.number], button.dataset.report);
      if (button.hidden) { // the focus must not fall off the page with its button
        (row.querySelector("button:not([hidden])") ?? at("desk-heading")).focus();
      }
    });
  } else {
    labels([row.dataset.number]);
  }
});

document.querySelectorAll("[data-many]").forEach((button) => {
  button.addEventListener("click", () => {
    const numbers = chosen();
    if (button.dataset.many === "LABELS") {
      labels(numbers);
    } else {
      attempt(() => reportAndSay(numbers, button.dataset.many));
    }
  });
});

// ---- labels ---------------------------------------------------------------------------------------

// The token travels in the body: a form opens a page of its own, and an address would be remembered.
function labels(numbers) {
  return attempt(async () => {
    if (numbers.length > LABELS_AT_ONCE) {
      throw new Error(`Choose ${LABELS_AT_ONCE} labels at most at a time.`);
    }
    const form = at("label-form");
    const field = (name, value) => Object.assign(document.createElement("input"), { type: "hidden", name, value });
    form.replaceChildren(field("access_token", await token()), ...numbers.map((number) => field("waybill_no", number)));
    form.submit();
    form.replaceChildren();
  });
}

// ---- live updates ---------------------------------------------------------------------------------

function stopListening() {
  live?.abort();
  live = null;
}

async function listen() {
  stopListening();
  if (role !== "merchant") {
    return; // a work list is a merchant's
  }
  const mine = new AbortController();
  live = mine;
  for (let first = true; !mine.signal.aborted; first = false) {
    let pause = RECONNECT_MS;
    try {
      for await (const event of eventsOf("/v1/worklist/events", await token(), mine.signal)) {
        heard(event, first);
        pause = event.data?.reason === "TOKEN_EXPIRED" ? 0 : RECONNECT_MS;
      }
    } catch (error) {
      if (mine.signal.aborted || error.signedOut) {
        return;
      }
    }
    if (pause > 0) {
      at("live").textContent = "Updates pause, trying again.";
    }
    await new Promise((later) => { setTimeout(later, pause); });
  }
}

// The stream says that something changed; what it is now, the list says. A stream that was interrupted may
// have missed something.
function heard({ type }, first) {
  at("live").textContent = "Updates arrive by themselves.";
  if (type !== "open" || !first) {
    gather();
  }
}

let gathering = null;

function gather(delay = GATHER_MS) {
  gathering ??= setTimeout(async () => {
    gathering = null;
    try {
      if (holdsToken()) {
        await show({ limit: shown(), always: false });
      }
    } catch (error) {
      if (error.signedOut) {
        showSignIn("Your session is over. Sign in again.");
      } else {
        gather(RECONNECT_MS); // nobody asked for this: it may wait
      }
    }
  }, delay);
}

// ---- the beginning --------------------------------------------------------------------------------

attempt(async () => {
  const account = await refresh();
  if (account && holdsToken()) {
    await showDesk(account);
  } else {
    showSignIn("");
  }
});
