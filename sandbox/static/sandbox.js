// Keeps a page current: at each event the page is fetched again and what changed is put in its place.
"use strict";

const thread = document.querySelector("[data-thread]");

function toLatest() {
  if (thread) thread.scrollTop = thread.scrollHeight;
}

function atLatest() {
  return thread && thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
}

function localTimes(root) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    const at = new Date(time.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    const clock = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    time.textContent = today ? `Today ${clock}` : `${at.toLocaleDateString([], { day: "numeric", month: "short" })} ${clock}`;
    time.removeAttribute("data-local");
  }
}

// Bubbles are kept and only the changed are replaced, so that a screen reader reads out only what is new.
function mergeBubbles(fresh) {
  const list = document.querySelector("[data-live-items]");
  const next = fresh.querySelector("[data-live-items]");
  if (!list || !next) return;
  localTimes(next);
  const shown = new Map([...list.children].map((item) => [item.dataset.sid, item]));
  const follow = atLatest();
  let added = false;
  for (const item of [...next.children]) {
    const old = shown.get(item.dataset.sid);
    shown.delete(item.dataset.sid);
    if (!old) {
      item.classList.add("arriving");
      list.append(item);
      added = true;
    } else if (old.outerHTML.replace(" arriving", "") !== item.outerHTML) {
      old.className = item.className;
      old.id = item.id;
      old.innerHTML = item.innerHTML;
    }
  }
  for (const gone of shown.values()) gone.remove();
  const empty = document.querySelector("[data-empty]");
  if (empty) empty.hidden = list.children.length > 0;
  if (added && follow) toLatest();
}

function mergeRegions(fresh) {
  for (const region of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${region.dataset.live}"]`);
    if (next && next.innerHTML !== region.innerHTML && !region.contains(document.activeElement)) {
      const follow = atLatest();
      region.innerHTML = next.innerHTML;
      if (follow && thread.contains(region)) toLatest();
    }
  }
}

let running = false;
let again = false;

async function refresh() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  try {
    const answer = await fetch(location.pathname + location.search, { cache: "no-store" });
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      mergeBubbles(fresh);
      mergeRegions(fresh);
    }
  } catch {
    // The server is gone; the event stream connects again when it is back, and the page is fetched then.
  } finally {
    running = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

function composing(form) {
  const text = form.querySelector("textarea");
  const grow = () => {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight, 140)}px`;
  };
  text.addEventListener("input", grow);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = new URLSearchParams(new FormData(form));
    if (!text.value.trim()) return;
    const written = text.value;
    text.value = "";
    grow();
    toLatest();
    const answer = await fetch(form.action, { method: "POST", body: fields, redirect: "manual" }).catch(() => null);
    if (!answer || (answer.type !== "opaqueredirect" && !answer.ok)) {
      text.value = written;
      if (answer && answer.status === 400) form.submit();
    }
    text.focus();
    refresh();
  });
}

for (const form of document.querySelectorAll("[data-compose]")) composing(form);
for (const form of document.querySelectorAll("[data-submit-on-change]")) {
  form.addEventListener("change", () => form.requestSubmit());
}
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1200);
  });
}
document.documentElement.classList.add("script");
localTimes(document);
toLatest();
new EventSource("/events").addEventListener("change", refresh);
