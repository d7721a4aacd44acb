// Asks for the screen's numbers again and again and puts only what changed in its place.
(() => {
  "use strict";

  const body = document.body;
  const now = document.getElementById("screen-now");
  const state = document.getElementById("screen-state");
  const lost = document.getElementById("screen-lost");
  const asOf = document.getElementById("screen-as-of");
  const every = Number(body.dataset.every) * 1000;
  let tag = `"${body.dataset.tag}"`;
  let timer = 0;
  let failed = 0;

  const say = (words) => {
    if (lost.textContent !== words) lost.textContent = words;
    lost.hidden = !words;
    body.classList.toggle("screen--lost", Boolean(words));
  };

  const put = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    fresh.querySelectorAll("[data-part]").forEach((part) => {
      const old = now.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!old) now.append(document.importNode(part, true));
      else if (old.outerHTML !== part.outerHTML) old.replaceWith(document.importNode(part, true));
    });
  };

  const ask = async () => {
    const giveUp = new AbortController();
    const late = setTimeout(() => giveUp.abort(), 10_000);
    try {
      const answer = await fetch(body.dataset.now, {
        headers: { "If-None-Match": tag },
        cache: "no-store",
        redirect: "manual",
        signal: giveUp.signal,
      });
      if (answer.type === "opaqueredirect" || answer.status === 403 || answer.status === 404) return say(state.dataset.out);
      if (answer.status !== 304 && !answer.ok) throw new Error(answer.status);
      if (answer.status !== 304) {
        put(await answer.text());
        tag = answer.headers.get("ETag") || "";
      }
      asOf.textContent = answer.headers.get("X-As-Of") || asOf.textContent;
      failed = 0;
      say("");
    } catch {
      failed += 1;
      say(state.dataset.lost);
    } finally {
      clearTimeout(late);
    }
  };

  const go = async () => {
    clearTimeout(timer);
    await ask();
    // Longer and longer while the server is away, up to a minute.
    if (!document.hidden) timer = setTimeout(go, Math.min(60_000, every * Math.max(1, failed)));
  };

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) go();
  });
  window.addEventListener("online", go);
  timer = setTimeout(go, every);

  // Full screen

  const button = document.getElementById("screen-full");
  if (document.documentElement.requestFullscreen) {
    const enter = button.textContent;
    button.hidden = false;
    button.addEventListener("click", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else document.documentElement.requestFullscreen().catch(() => {});
    });
    document.addEventListener("fullscreenchange", () => {
      button.textContent = document.fullscreenElement ? button.dataset.leave : enter;
    });
  }
})();
