/* The service worker: pages from the network first, else the copy last seen; never one person's page for another. */
(() => {
  "use strict";

  const shell = self.ljShell;
  const SHELL = `lj-shell-${shell.version}`;
  const PAGES = "lj-pages-";
  const PATIENCE = 4000;
  const KEPT = 40;
  const KEPT_AT = "X-Kept-At";
  // Pages of one thing, kept once they were seen: a case, the answer to tell about it, a notice.
  const OWN_PAGE = /^\/(cases\/LJ[\w-]+\/(answer\/)?|notices\/\d+\/)$/;
  const fresh = (request) => fetch(request, { cache: "no-cache" });

  self.addEventListener("install", (event) => {
    event.waitUntil((async () => {
      const cache = await caches.open(SHELL);
      await Promise.all([...shell.shell, shell.offline].map(async (url) => {
        const response = await fresh(url);
        if (!response.ok) throw new Error(`${url}: ${response.status}`);
        await cache.put(url, response);
      }));
      await self.skipWaiting();
    })());
  });

  self.addEventListener("activate", (event) => {
    event.waitUntil((async () => {
      const old = (await caches.keys()).filter((name) => name.startsWith("lj-shell-") && name !== SHELL);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
    })());
  });

  const forgetPages = async (but = "") => {
    const names = (await caches.keys()).filter((name) => name.startsWith(PAGES) && name !== but);
    await Promise.all(names.map((name) => caches.delete(name)));
  };

  const inAnotherSize = async (request) => {
    const response = await fetch(request);
    if (response.type === "opaqueredirect" || response.ok) {
      await forgetPages();
      try {
        const drawn = await fresh(shell.offline);
        if (drawn.ok) await (await caches.open(SHELL)).put(shell.offline, drawn);
      } catch { /* the page of no network stays in the size before */ }
    }
    return response;
  };

  const isKept = (url) =>
    url.search === "" && (shell.pages.includes(url.pathname) || OWN_PAGE.test(url.pathname));

  /* Keep a page of whoever it says it was drawn for; pages of anybody before are gone by then. */
  const keepPage = async (url, response) => {
    if (!response.ok || response.redirected || !(response.headers.get("Content-Type") || "").startsWith("text/html")) return;
    const text = await response.text();
    const user = /<body[^>]*\sdata-user="(\d+)"/.exec(text)?.[1];
    if (!user) return;
    await forgetPages(PAGES + user);
    const cache = await caches.open(PAGES + user);
    const headers = new Headers(response.headers);
    headers.set(KEPT_AT, new Date().toISOString());
    await cache.delete(url.pathname);
    await cache.put(url.pathname, new Response(text, { status: 200, headers }));
    const keys = await cache.keys();
    const cases = keys.filter((key) => !shell.pages.includes(new URL(key.url).pathname));
    await Promise.all(cases.slice(0, Math.max(0, cases.length - KEPT)).map((key) => cache.delete(key)));
  };

  /* The copy last seen, which says on the page how old it is. */
  const copyOf = async (url) => {
    const name = (await caches.keys()).find((one) => one.startsWith(PAGES));
    const kept = name && (await (await caches.open(name)).match(url.pathname));
    if (!kept) return null;
    const text = (await kept.text()).replace("<body ", `<body data-as-of="${kept.headers.get(KEPT_AT)}" `);
    return new Response(text, { status: 200, headers: kept.headers });
  };

  const page = async (event, url) => {
    const network = fetch(event.request);
    const settled = network.then(
      async (response) => {
        if (new URL(response.url || url).pathname === shell.signIn) await forgetPages();
        else if (isKept(url)) event.waitUntil(keepPage(url, response.clone()));
        return response;
      });
    settled.catch(() => {});
    event.waitUntil(settled.catch(() => {}));
    const inTime = new Promise((resolve) => setTimeout(() => resolve(null), PATIENCE));
    let response = null;
    try {
      response = await Promise.race([settled, inTime]);
      if (response && response.status < 502) return response;
    } catch { /* no network: the copy, if there is one */ }
    const copy = await copyOf(url);
    if (copy) return copy;
    try {
      return response || (await settled);
    } catch {
      return (await caches.match(shell.offline)) || Response.error();
    }
  };

  const fromShell = async (request) => {
    const cache = await caches.open(SHELL);
    return (await cache.match(request)) || fetch(request);
  };

  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (url.origin !== self.location.origin) return;
    if (request.method === "POST" && url.pathname === shell.signOut) {
      // Whoever signs out leaves no page behind; what waits to be sent stays.
      event.respondWith(forgetPages().then(() => fetch(request)).catch(
        async () => (await caches.match(shell.offline)) || Response.error()));
      return;
    }
    if (request.method === "POST" && url.pathname === shell.elder) {
      // Every copy was drawn in the size before: they are kept anew, once the server has taken the new one.
      event.respondWith(inAnotherSize(request).catch(
        async () => (await caches.match(shell.offline)) || Response.error()));
      return;
    }
    if (request.method !== "GET") return;
    if (request.mode === "navigate") {
      if (!url.pathname.startsWith("/desk/") && !url.pathname.startsWith("/api/")) event.respondWith(page(event, url));
    } else if (shell.shell.includes(url.pathname)) {
      event.respondWith(fromShell(request));
    }
  });

  self.addEventListener("message", (event) => {
    if (event.data?.type !== "keep") return;
    event.waitUntil((async () => {
      const cache = await caches.open(PAGES + event.data.user);
      for (const path of event.data.pages) {
        const url = new URL(path, self.location.origin);
        if (!isKept(url)) continue;
        const kept = await cache.match(url.pathname);
        if (kept && Date.now() - Date.parse(kept.headers.get(KEPT_AT)) < 10 * 60_000) continue;
        try {
          await keepPage(url, await fetch(url.pathname, { credentials: "same-origin", redirect: "follow" }));
        } catch {
          return; // the network is gone; what is kept stays
        }
      }
    })());
  });

  self.addEventListener("sync", (event) => {
    if (event.tag === "outbox") event.waitUntil(self.ljSender.drain({ hurry: true }));
  });
})();
