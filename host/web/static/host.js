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

decorate(document);
document.querySelectorAll("[data-live]").forEach(follow);
document.querySelector("[data-focus]")?.focus();
