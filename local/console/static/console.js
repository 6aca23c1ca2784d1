// The pages work without this script. It keeps the list of requests and the
// parts that are marked data-refresh as they are now.
"use strict";
(() => {
  const list = document.getElementById("live-rows");
  const parts = document.querySelectorAll("[data-refresh]");
  const state = document.getElementById("live-state");
  const said = document.getElementById("live-said");
  const from = document.body.dataset.feed;
  if (!from || (!list && parts.length === 0)) return;
  let feed = null, last = document.body.dataset.change, timer = 0;

  const say = (on) => {
    if (!state) return;
    state.className = on ? "live on" : "live";
    state.textContent = on ? "live" : "not live: reload to see new requests";
  };

  // rows puts new rows first and replaces those that changed. A row that has
  // the focus gives it to the one in its place.
  const rows = (html) => {
    const box = document.createElement("template");
    box.innerHTML = html; // rendered and escaped by the server
    const texts = [];
    for (const row of [...box.content.querySelectorAll("tr")].reverse()) {
      const before = document.getElementById(row.id);
      const focused = before && before.contains(document.activeElement);
      row.classList.add("fresh");
      if (before) before.replaceWith(row); else list.prepend(row);
      if (focused) row.querySelector("a").focus();
      texts.push(row.dataset.said);
    }
    if (said) said.textContent = texts.join("; ");
    while (list.children.length > Number(list.dataset.most)) list.lastElementChild.remove();
    const empty = document.getElementById("live-empty");
    if (empty) empty.hidden = true;
    list.closest("[hidden]")?.removeAttribute("hidden");
  };

  // refresh fetches the page once more, and takes what has changed in its marked
  // parts, unless somebody is at work in one.
  const refresh = async () => {
    timer = 0;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer || !answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-refresh]")) {
      const now = page.getElementById(part.id);
      if (now && !part.contains(document.activeElement) && now.innerHTML !== part.innerHTML) part.replaceWith(now);
    }
  };
  const soon = () => { if (parts.length && !timer) timer = setTimeout(refresh, 250); };

  const open = () => {
    if (feed || document.hidden) return;
    feed = new EventSource(from + "?after=" + last);
    feed.onopen = () => say(true);
    feed.onerror = () => say(false);
    feed.addEventListener("requests", (e) => {
      last = e.lastEventId;
      if (list) rows(e.data);
      soon();
    });
  };
  // A browser has few connections to one host: a page that is not seen needs none.
  const close = () => { if (feed) feed.close(); feed = null; };
  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else { open(); soon(); } });
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  if (parts.length) setInterval(() => { if (!document.hidden) soon(); }, 3000);
  open();
})();
