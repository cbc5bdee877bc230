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

async function refresh(live) {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return answer.status >= 500;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(`[data-live="${live.dataset.live}"]`);
  if (!fresh) return false;
  const mine = [...live.querySelectorAll("details[id]")];
  for (const part of mine) {
    const twin = fresh.querySelector(`#${CSS.escape(part.id)}`);
    if (twin) twin.open = part.open;
  }
  decorate(fresh);
  live.replaceWith(fresh);
  return fresh;
}

async function follow(live) {
  while (live && live.dataset && live.dataset.every) {
    await new Promise((done) => setTimeout(done, live.dataset.every * 1000));
    if (isBusy(live)) continue;
    try {
      const next = await refresh(live);
      if (next === false) return;
      live = next === true ? live : next;
    } catch { /* the host is away: try again */ }
  }
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
