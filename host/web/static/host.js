"use strict";
// Every page is complete without this file. It copies addresses, shows local times and keeps what runs up to date.

function decorate(root) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      const label = button.firstChild;
      const before = label.textContent;
      label.textContent = "Copied";
      setTimeout(() => { label.textContent = before; }, 1500);
    });
  }
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.title = time.textContent;
    time.textContent = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  }
}

function isBusy(live) {
  const selection = getSelection();
  return document.hidden || (!selection.isCollapsed && live.contains(selection.anchorNode)) || live.contains(document.activeElement);
}

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

async function refresh(live) {
  const answer = await fetch(live.dataset.at || location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return answer.status >= 500;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(`[data-live="${live.dataset.live}"]`);
  if (!fresh) return false;
  while (isBusy(live)) await pause(0.5); // who came into it meanwhile keeps the focus
  const mine = [...live.querySelectorAll("details[id]")];
  for (const part of mine) {
    const twin = fresh.querySelector(`#${CSS.escape(part.id)}`);
    if (twin) twin.open = part.open;
  }
  decorate(fresh);
  live.replaceWith(fresh);
  return fresh;
}

// Server-sent events tell when to look; where they cannot be had, a clock does.
function listen(url) {
  let stream, seen = url, isNews = false, wake = () => {};
  const tell = () => { isNews = true; wake(); };
  const open = () => {
    stream = new EventSource(seen);
    stream.addEventListener("change", (event) => { seen = `${url.split("?")[0]}?seen=${event.lastEventId}`; tell(); });
    stream.addEventListener("end", () => { stream.close(); tell(); });
    stream.addEventListener("error", () => { if (stream.readyState === EventSource.CLOSED) wake(); });
  };
  const hide = () => { if (document.hidden) stream.close(); else open(); };
  document.addEventListener("visibilitychange", hide); // a browser opens few connections to one host
  open();
  return {
    close() { stream.close(); document.removeEventListener("visibilitychange", hide); },
    async news(seconds) {
      while (!isNews) {
        const isLost = stream.readyState === EventSource.CLOSED && !document.hidden;
        await new Promise((done) => { wake = done; if (isLost) setTimeout(done, seconds * 1000); });
        if (isLost) break;
      }
      isNews = false;
    },
  };
}

async function follow(live) {
  const stream = live.dataset.every && live.dataset.events && window.EventSource ? listen(live.dataset.events) : null;
  while (live && live.dataset && live.dataset.every) {
    await (stream ? stream.news(live.dataset.every) : pause(live.dataset.every));
    while (isBusy(live)) await pause(0.5);
    try {
      const next = await refresh(live);
      if (next === false) break;
      live = next === true ? live : next;
    } catch { /* the host is away: try again */ }
  }
  stream?.close();
}

// A form with choices that depend on the connection: they are loaded when one is chosen.
function offer(form) {
  const button = form.querySelector('button[value="choices"]');
  form.addEventListener("change", async (event) => {
    if (!(event.target instanceof HTMLSelectElement) || event.target.closest("[data-offered]") || !event.target.value) return;
    const sent = new URLSearchParams(new FormData(form));
    sent.set(button.name, button.value);
    form.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body: sent });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const field of form.querySelectorAll("[data-offered]")) {
        const twin = fresh.querySelector(`[data-offered="${CSS.escape(field.dataset.offered)}"]`);
        if (twin && !field.contains(document.activeElement)) field.replaceWith(twin);
      }
    } catch { /* the button does the same */ }
    form.removeAttribute("aria-busy");
  });
}

decorate(document);
document.querySelectorAll("form[data-offers]").forEach(offer);
document.querySelectorAll("[data-live]").forEach(follow);
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
document.querySelector("[data-focus]")?.focus();
