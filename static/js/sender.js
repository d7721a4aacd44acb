/* Sends what waits on the phone, one entry at a time; runs in pages and, where the browser has it, in the background.

   An entry leaves only when the server has said that it holds it. States: "waiting" (until `next`, a moment),
   "signin" (nobody, or somebody else, is signed in), "mend" (the server refused it and said which field). */
(() => {
  "use strict";

  const WHO = "/outbox/who/";
  const LOCK = "linjiang-outbox";
  const TIMEOUT = 120_000; // nine photos on a slow network
  const FIRST_WAIT = 4_000;
  const LONGEST_WAIT = 10 * 60_000;
  const PATIENCE = new Set([408, 425, 429]);
  const store = self.ljStore;
  const channel = "BroadcastChannel" in self ? new BroadcastChannel("linjiang-outbox") : null;
  const listeners = new Set();

  const tell = (news) => {
    for (const listener of listeners) listener(news);
    channel?.postMessage(news);
  };
  if (channel) {
    channel.onmessage = (event) => {
      for (const listener of listeners) listener(event.data);
    };
  }

  /* Twice as long after each failure, and never quite the same for two phones. */
  const waitAfter = (attempts) => {
    const base = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(attempts - 1, 12));
    return base / 2 + Math.random() * (base / 2);
  };

  const fetchWithin = async (url, options, milliseconds) => {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), milliseconds);
    try {
      const response = await fetch(url, { credentials: "same-origin", cache: "no-store", ...options, signal: stop.signal });
      // The body belongs to the answer: a connection that ends in the middle has answered nothing.
      const isJSON = (response.headers.get("Content-Type") || "").includes("application/json");
      const body = isJSON ? await response.json() : null;
      return { status: response.status, ok: response.ok, body, retryAfter: Number(response.headers.get("Retry-After")) || 0 };
    } finally {
      clearTimeout(timer);
    }
  };

  const who = async () => {
    const answer = await fetchWithin(WHO, {}, 15_000);
    if (!answer.ok || !answer.body || !("user" in answer.body)) throw new Error(`who: ${answer.status}`);
    return answer.body;
  };

  const bodyOf = (entry) => {
    const form = new FormData();
    form.append("submission_id", entry.id);
    for (const [name, value] of Object.entries(entry.fields)) {
      if (value !== "" && value !== null && value !== undefined) form.append(name, value);
    }
    entry.photos?.forEach((photo, index) => form.append("photos", photo, `photo-${index + 1}.jpg`));
    if (entry.voice) form.append("voice", entry.voice, "voice");
    return form;
  };

  const post = (entry, signed) =>
    fetchWithin(
      entry.url,
      {
        method: "POST",
        body: bodyOf(entry),
        headers: { "X-CSRFToken": signed.csrf, "Accept": "application/json", "Accept-Language": signed.language },
      },
      TIMEOUT,
    );

  /* A hotel's or a carrier's own page also answers 200; only our JSON, or our 204, counts. */
  const isTaken = (answer) => answer.status === 204 || (answer.ok && answer.body !== null);

  const later = async (entry, why, retryAfter = 0) => {
    const attempts = (entry.attempts || 0) + 1;
    const wait = Math.max(waitAfter(attempts), retryAfter * 1000);
    await store.change(entry.id, { state: "waiting", attempts, why, next: Date.now() + wait });
  };

  const sendOne = async (entry, signed) => {
    let answer;
    await store.change(entry.id, { tried: Date.now() });
    try {
      answer = await post(entry, signed);
    } catch {
      await later(entry, "network");
      return { entry, result: "network" };
    }
    if (isTaken(answer)) {
      await store.remove(entry.id);
      return { entry, result: "sent", number: answer.body?.number || entry.number || "" };
    }
    if (answer.status === 401 || (answer.status === 403 && !answer.body)) {
      await store.change(entry.id, { state: "signin" });
      return { entry, result: "signin" };
    }
    if (answer.status >= 400 && answer.status < 500 && !PATIENCE.has(answer.status)) {
      const now = answer.status === 403 ? await who().catch(() => null) : signed;
      if (!now) {
        await later(entry, "network");
        return { entry, result: "network" };
      }
      if (now.user !== entry.user) {
        await store.change(entry.id, { state: "signin" });
        return { entry, result: "signin" };
      }
      const error = { status: answer.status, code: answer.body?.code || "", message: answer.body?.message || "",
        errors: answer.body?.errors || {} };
      await store.change(entry.id, { state: "mend", error });
      return { entry, result: "mend", error };
    }
    await later(entry, answer.ok ? "network" : "server", answer.retryAfter);
    return { entry, result: "later", status: answer.status };
  };

  const isDue = (entry, hurry) => entry.state !== "mend" && (hurry || (entry.next || 0) <= Date.now());

  const sendAll = async ({ hurry, only }) => {
    const results = [];
    const due = (await store.all()).filter((entry) => (!only || entry.id === only) && isDue(entry, hurry));
    if (due.length === 0) return results;
    let signed;
    try {
      signed = await who();
    } catch {
      for (const entry of due) await later(entry, "network");
      tell({ type: "changed" });
      return results;
    }
    for (const { id } of due) {
      const entry = await store.get(id); // it may have been mended or discarded while others were sent
      if (!entry || entry.state === "mend") continue;
      if (entry.user !== signed.user) {
        if (entry.state !== "signin") await store.change(id, { state: "signin" });
        results.push({ entry, result: "signin" });
        continue;
      }
      const outcome = await sendOne(entry, signed);
      results.push(outcome);
      tell({ type: outcome.result === "sent" ? "sent" : "changed", id, number: outcome.number || "" });
      if (outcome.result === "network" || outcome.result === "signin") break;
    }
    tell({ type: "changed" });
    return results;
  };

  /* Only one tab, or the background, sends at a time; whoever comes second waits for its turn and finds what is left. */
  const drain = (options = {}) => {
    const work = () => sendAll({ hurry: false, only: "", ...options });
    return self.navigator.locks ? self.navigator.locks.request(LOCK, work) : work();
  };

  self.ljSender = { drain, tell, listen: (listener) => listeners.add(listener) };
})();
