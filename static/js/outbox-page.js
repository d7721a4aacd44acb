/* The page of what waits on the phone: what, since when, why it was not sent; send now, mend, discard. */
(() => {
  "use strict";

  const list = document.getElementById("outbox-list");
  const empty = document.getElementById("outbox-empty");
  const shape = document.getElementById("outbox-entry");
  const { ljStore: store, ljOutbox: outbox } = window;
  if (!list || !outbox || !window.indexedDB) return;
  const words = list.dataset;
  const moment = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });

  const mendAt = (entry) => {
    if (entry.kind === "filing") return `/report/?mend=${entry.id}`;
    return entry.page ? `${entry.page}?mend=${entry.id}` : "";
  };
  const why = (entry) => {
    if (entry.state === "mend") {
      return Object.values(entry.error?.errors || {}).flat().join(" ") || entry.error?.message || words.refused;
    }
    if (entry.state === "signin") return words.signin;
    if (!entry.attempts) return words.waits;
    return `${entry.why === "server" ? words.server : words.network} ${words.again} ${moment.format(entry.next)}`;
  };

  const draw = (entry) => {
    const row = shape.content.firstElementChild.cloneNode(true);
    const part = (name) => row.querySelector(`[data-part=${name}]`);
    row.classList.toggle("outbox-entry--mend", entry.state === "mend");
    part("kind").textContent = words[entry.kind] || words.step;
    part("text").textContent = entry.fields.description || entry.fields.note || entry.fields.comment || entry.title || "";
    part("case").textContent = entry.kind === "filing" ? "" : entry.number || "";
    part("made").textContent = moment.format(entry.made);
    part("why").textContent = why(entry);
    const things = [];
    if (entry.photos?.length) things.push(`${words.photos} ${entry.photos.length}`);
    if (entry.voice) things.push(words.voice);
    part("things").textContent = things.join(" · ");
    const mend = part("mend");
    mend.href = mendAt(entry);
    mend.hidden = entry.kind === "join" || !mend.href;
    const signIn = part("signin");
    signIn.hidden = entry.state !== "signin";
    part("send").addEventListener("click", async (event) => {
      event.currentTarget.classList.add("button--busy");
      if (entry.state === "mend") await store.change(entry.id, { state: "waiting", next: 0 });
      await outbox.send({ hurry: true, only: entry.id });
      await show();
    });
    const ask = part("ask");
    part("discard").addEventListener("click", () => {
      ask.hidden = false;
      ask.querySelector("button").focus();
    });
    part("no").addEventListener("click", () => { ask.hidden = true; });
    part("yes").addEventListener("click", async () => {
      await store.remove(entry.id);
      await outbox.count();
      await show();
    });
    return row;
  };

  const show = async () => {
    // Never under somebody who is being asked whether to discard.
    if (list.querySelector("[data-part=ask]:not([hidden])") && document.activeElement?.closest("[data-part=ask]")) {
      const gone = document.activeElement.dataset.part !== "yes";
      if (gone) return;
    }
    const entries = await store.of(outbox.user);
    list.replaceChildren(...entries.map(draw));
    empty.hidden = entries.length > 0;
    document.getElementById("outbox-all").hidden = entries.length < 2;
  };

  document.getElementById("outbox-all").addEventListener("click", async () => {
    await outbox.send({ hurry: true });
    await show();
  });
  document.addEventListener("outbox", show);
  show();
})();
