// Shows changes as they come: when the stream says that there is something new, the page is fetched again and what it shows is
// replaced. Without this script the page is read again each minute.
(() => {
  "use strict";
  const main = document.querySelector("main[data-live]");
  if (!main || !window.EventSource) return;
  let busy = false, again = false;

  // What the reader has opened and where the reader stands is kept.
  function keep(fresh, stale) {
    const opened = stale.querySelectorAll("details"), closed = fresh.querySelectorAll("details");
    const key = (d) => (d.closest("[id]") || {}).id + d.className;
    const open = new Set([...opened].filter((d) => d.open).map(key));
    closed.forEach((d) => { d.open = open.has(key(d)); });
  }

  async function look() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
      if (answer.redirected || answer.status === 401) { location.reload(); return; }
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of ["#vivo", ".title .sum"]) {
        const fresh = page.querySelector(part), stale = document.querySelector(part);
        if (!fresh || !stale || fresh.innerHTML === stale.innerHTML) continue;
        keep(fresh, stale);
        const focused = stale.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
        stale.replaceWith(document.adoptNode(fresh));
        if (focused) {
          const link = fresh.querySelector('a[href="' + CSS.escape(focused) + '"]');
          if (link) link.focus({ preventScroll: true });
        }
      }
      document.dispatchEvent(new Event("visto"));
    } finally {
      busy = false;
      if (again) { again = false; look(); }
    }
  }

  const source = new EventSource(main.dataset.live);
  source.addEventListener("hola", look); // also after the connection was lost: nobody knows what was missed
  source.addEventListener("cambio", look);
  window.addEventListener("pagehide", () => source.close());
})();
