/* On every page: the count of what waits, when to try again, taking answers and remarks into the outbox, the worker. */
(() => {
  "use strict";

  const { ljStore: store, ljSender: sender } = window;
  const body = document.body;
  const user = Number(body.dataset.user) || 0;
  const chip = document.getElementById("outbox-chip");
  const notes = document.getElementById("outbox-notes");
  const AGAIN = 30_000;

  const say = (words, link = "") => {
    if (!notes) return;
    const line = document.createElement(link ? "a" : "p");
    line.className = "toast";
    line.textContent = words;
    if (link) line.href = link;
    notes.replaceChildren(line);
    if (!link) setTimeout(() => line.remove(), 8000);
  };

  const count = async () => {
    if (!chip) return;
    const entries = await store.of(user).catch(() => []); // a phone that keeps nothing has nothing waiting
    const broken = entries.filter((entry) => entry.state === "mend").length;
    chip.hidden = entries.length === 0;
    chip.querySelector("[data-count]").textContent = entries.length;
    chip.classList.toggle("outbox-chip--mend", broken > 0);
    chip.setAttribute("aria-label", `${chip.dataset.label} ${entries.length}`);
  };

  const send = async (options) => {
    if (!user) return [];
    try {
      return await sender.drain(options);
    } catch {
      return []; // nothing can be read from the phone now; the next try comes by itself
    } finally {
      await count();
    }
  };

  const later = async () => {
    try {
      const ready = await navigator.serviceWorker?.ready;
      await ready?.sync?.register("outbox");
    } catch { /* no background sending here: the page itself tries again */ }
  };

  /* Keep an entry on the phone, then try to send it; tell what became of it. */
  const keep = async (entry) => {
    await store.put({ user, made: Date.now(), attempts: 0, next: 0, state: "waiting", photos: [], voice: null, ...entry,
      error: null });
    navigator.storage?.persist?.();
    await count();
    later();
    if (!navigator.onLine) return { result: "kept" };
    const patience = new Promise((resolve) => setTimeout(() => resolve(null), 15_000));
    const results = await Promise.race([send({ hurry: true, only: entry.id }), patience]);
    return results?.find((one) => one.entry.id === entry.id) || { result: "kept" };
  };

  /* Go to the page of what waits, if it can be opened now; else say here that the report is kept. */
  const goOn = async (outcome) => {
    if (outcome.result === "signin") return say(notes.dataset.signIn, `${notes.dataset.signInUrl}?next=${chip.pathname}`);
    const kept = navigator.serviceWorker?.controller && (await (await caches.open(`lj-pages-${user}`)).match(chip.pathname));
    if (navigator.onLine || kept) location.assign(chip.href);
    else say(notes.dataset.kept);
    return undefined;
  };

  // Answers of households and remarks: forms that say so wait on the phone like reports.
  const stepForm = document.querySelector("form[data-outbox-step]");
  if (stepForm && user && window.indexedDB) {
    const id = new URLSearchParams(location.search).get("mend") || store.newId();
    const show = (error) => {
      const old = stepForm.querySelector("[data-outbox-error]");
      old?.remove();
      const alert = document.createElement("p");
      alert.className = "alert alert--error";
      alert.dataset.outboxError = "1";
      alert.setAttribute("role", "alert");
      alert.textContent = Object.values(error.errors).flat().join(" ") || error.message;
      stepForm.prepend(alert);
    };
    store.get(id).then((entry) => {
      if (!entry || entry.user !== user) return;
      for (const [name, value] of Object.entries(entry.fields)) {
        for (const field of stepForm.querySelectorAll(`[name="${name}"]`)) {
          if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === value || value === "on";
          else if (field.type !== "hidden") field.value = value;
        }
      }
      if (entry.error) show(entry.error);
    });
    stepForm.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (stepForm.dataset.keeping) return;
      stepForm.dataset.keeping = "1";
      const fields = Object.fromEntries([...new FormData(stepForm)].filter(
        ([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken"));
      const outcome = await keep({ id, kind: stepForm.dataset.outboxStep, url: stepForm.dataset.outboxUrl, fields,
        number: stepForm.dataset.number, title: stepForm.dataset.title, page: location.pathname });
      if (outcome.result === "mend") {
        delete stepForm.dataset.keeping;
        show(outcome.error);
        stepForm.scrollIntoView();
      } else if (outcome.result === "sent") {
        location.assign(stepForm.dataset.done);
      } else {
        await goOn(outcome);
      }
    });
  }

  // "Me too": joins the case at once or when the network is back.
  const join = (number, household = "") =>
    keep({ id: store.newId(), kind: "join", url: `/api/v1/cases/${number}/join/`, fields: { household, note: "" }, number,
      title: number, page: `/cases/${number}/` });

  window.ljOutbox = { keep, goOn, send, count, say, join, user };
  if (!window.indexedDB) return;

  sender.listen((news) => {
    count();
    if (news.type === "sent" && notes) say(`${notes.dataset.sent} ${news.number}`, news.number ? `/cases/${news.number}/` : "");
    document.dispatchEvent(new CustomEvent("outbox", { detail: news }));
  });
  count();
  send();
  window.addEventListener("online", () => send({ hurry: true }));
  window.addEventListener("pageshow", (event) => event.persisted && send());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && send());
  setInterval(() => navigator.onLine && send(), AGAIN);

  // A copy from the phone says how old it is.
  const asOf = body.dataset.asOf;
  const strip = document.getElementById("as-of");
  if (asOf && strip) {
    const words = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
    strip.querySelector("[data-moment]").textContent = words.format(new Date(asOf));
    strip.hidden = false;
  }

  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register("/sw.js").catch(() => {});
    const pages = (body.dataset.offline || "").split(" ").filter(Boolean);
    const own = location.pathname === "/" || location.pathname === "/cases/";
    const cases = own ? [...document.querySelectorAll('main a[href^="/cases/LJ"]')].map((link) => link.pathname) : [];
    if (user && pages.length && navigator.onLine && !asOf) {
      navigator.serviceWorker.ready.then((ready) =>
        ready.active?.postMessage({ type: "keep", user, pages: [...pages, ...new Set(cases)].slice(0, 30) }));
    }
  }
})();
