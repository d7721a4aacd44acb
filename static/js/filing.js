/* The filing page: photos made small, a voice note, suggestions, and sending through the outbox. Without it the page
   is an ordinary form. */
(() => {
  "use strict";

  const form = document.getElementById("filing");
  if (window.matchMedia("(width >= 64rem)").matches) {
    for (const details of document.querySelectorAll("details[data-more]")) details.open = true;
  }
  const { ljStore: store, ljOutbox: outbox, ljPhotos, ljVoice } = window;
  if (!form || !outbox?.user || !window.indexedDB) return;

  const words = form.dataset;
  const text = form.elements.description;
  const photoInput = form.elements.photos;
  const strip = document.getElementById("filing-photos");
  const problems = document.getElementById("filing-problems");
  const suggested = document.getElementById("filing-suggested");
  const askPhoto = document.getElementById("filing-ask-photo");
  const codes = JSON.parse(document.getElementById("category-codes").textContent);
  const asksPhoto = new Set((words.photoKinds || "").split(" "));
  // A page from the phone's store holds an id that was used before: each opening is a report of its own.
  let id = store.newId();
  let photos = []; // [{blob, ready}]
  let voiceNote = null;
  let asked = false;

  /* Photos */
  const drawPhotos = () => {
    strip.replaceChildren(...photos.map((photo) => {
      const item = document.createElement("li");
      item.className = "filing__photo";
      const image = new Image();
      image.alt = words.photo;
      image.src = URL.createObjectURL(photo.blob);
      image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "filing__remove";
      remove.setAttribute("aria-label", words.remove);
      remove.textContent = "×";
      remove.addEventListener("click", () => {
        photos = photos.filter((one) => one !== photo);
        drawPhotos();
      });
      item.append(image, remove);
      return item;
    }));
    strip.hidden = photos.length === 0;
    if (photos.length) askPhoto.hidden = true;
  };
  photoInput.addEventListener("change", () => {
    for (const file of [...photoInput.files].slice(0, Number(words.mostPhotos) - photos.length)) {
      const photo = { blob: file };
      photo.ready = ljPhotos.shrink(file).then((blob) => { photo.blob = blob; });
      photos.push(photo);
    }
    photoInput.value = "";
    drawPhotos();
  });

  /* Voice */
  const button = document.getElementById("filing-voice");
  let recording = null;
  if (button && ljVoice.canRecord) {
    recording = ljVoice.voice({
      button,
      box: document.getElementById("filing-voice-box"),
      longest: Number(words.longestVoice),
      told: (blob) => { voiceNote = blob; },
      refused: () => outbox.say(words.noMicrophone),
    });
  }
  form.classList.add("filing--live");

  /* Suggestions: quietly absent without a network or where there are none. */
  const categoryField = form.elements.category;
  const keyOf = (category) =>
    codes[category.id] ? String(category.id) : Object.keys(codes).find((key) => codes[key] === category.code);
  let asking = null;
  let pause = 0;
  const suggest = async () => {
    asking?.abort();
    asking = new AbortController();
    const place = form.elements.unit?.value || "";
    const query = new URLSearchParams({ text: text.value.trim(), ...(place && { unit: place }) });
    let answer;
    try {
      const response = await fetch(`/api/v1/suggestions/?${query}`, { signal: asking.signal, credentials: "same-origin" });
      if (!response.ok) return;
      answer = await response.json();
    } catch {
      return;
    }
    const chips = (answer.categories || []).filter(keyOf).map((category) => {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.className = "chip-button";
      chip.textContent = category.name;
      chip.setAttribute("aria-pressed", String(categoryField.value === keyOf(category)));
      chip.addEventListener("click", () => {
        const key = keyOf(category);
        categoryField.value = categoryField.value === key ? "" : key;
        for (const one of suggested.querySelectorAll(".chip-button")) one.setAttribute("aria-pressed", "false");
        chip.setAttribute("aria-pressed", String(categoryField.value === key));
        offerPhoto();
      });
      return chip;
    });
    suggested.querySelector("[data-categories]").replaceChildren(...chips);
    const alike = (answer.alike || []).map((one) => {
      const item = document.createElement("li");
      item.className = "alike";
      const link = document.createElement(one.url ? "a" : "span");
      if (one.url) link.href = one.url;
      link.className = "alike__title";
      link.textContent = one.title;
      const place = document.createElement("span");
      place.className = "alike__place";
      place.textContent = [one.place, one.category, one.status].filter(Boolean).join(" · ");
      const join = document.createElement("button");
      join.type = "button";
      join.className = "button button--secondary";
      join.textContent = (one.filed_by_me && words.ownCase) || (one.joined && words.joined) || words.meToo;
      join.disabled = Boolean(one.joined || one.filed_by_me);
      join.addEventListener("click", async () => {
        join.disabled = true;
        let outcome;
        try {
          outcome = await outbox.join(one.number, form.elements.household?.value || "");
        } catch {
          location.assign(`/cases/${one.number}/join/`); // the phone keeps nothing: by an ordinary page
          return;
        }
        if (outcome.result === "mend") {
          join.disabled = false;
          outbox.say(outcome.error.message);
          return;
        }
        join.textContent = words.joined;
        if (outcome.result === "kept") outbox.say(words.kept);
      });
      item.append(link, place, join);
      return item;
    });
    suggested.querySelector("[data-alike]").replaceChildren(...alike);
    suggested.querySelector("[data-alike-head]").hidden = alike.length === 0;
    suggested.hidden = chips.length + alike.length === 0;
  };
  text.addEventListener("input", () => {
    clearTimeout(pause);
    if (navigator.onLine && text.value.trim().length >= 4) pause = setTimeout(suggest, 700);
  });

  /* Dangers ask for a photo, once, and never insist. */
  const offerPhoto = () => {
    const wanted = asksPhoto.has(categoryField.value) && photos.length === 0;
    askPhoto.hidden = !wanted;
    return wanted;
  };
  categoryField.addEventListener("change", offerPhoto);

  /* What is wrong, at its field and above the form. */
  const clear = () => {
    problems.replaceChildren();
    problems.hidden = true;
    for (const old of form.querySelectorAll("[data-mend]")) old.remove();
    for (const field of form.querySelectorAll(".field--error")) field.classList.remove("field--error");
  };
  const blame = (error) => {
    clear();
    const lines = Object.entries(error.errors || {});
    const all = lines.flatMap(([, messages]) => messages);
    for (const message of all.length ? all : [error.message || words.refused]) {
      const line = document.createElement("p");
      line.textContent = message;
      problems.append(line);
    }
    problems.hidden = false;
    for (const [name, messages] of lines) {
      const control = form.elements[name];
      const field = (control instanceof RadioNodeList ? control[0] : control)?.closest?.(".field");
      if (!field) continue;
      field.classList.add("field--error");
      const details = field.closest("details");
      if (details) details.open = true;
      const line = document.createElement("p");
      line.className = "field__error";
      line.dataset.mend = name;
      line.textContent = messages.join(" ");
      field.append(line);
    }
    problems.focus();
    problems.scrollIntoView({ block: "center" });
  };

  const fields = () => {
    const given = Object.fromEntries([...new FormData(form)].filter(([, value]) => typeof value === "string"));
    const solved = form.elements.solved?.checked;
    return {
      description: given.description.trim(),
      unit: given.unit || "",
      household: given.household || "",
      category: codes[given.category] || "",
      urgency: given.urgency || "",
      place: given.place || "",
      contact_name: given.contact_name || "",
      contact_phone: given.contact_phone || "",
      solved_result: solved ? (given.solved_result || "").trim() : "",
    };
  };

  const fill = (entry) => {
    const set = (name, value) => {
      const control = form.elements[name];
      if (!control) return;
      if (control instanceof RadioNodeList) control.value = value;
      else if (control.type === "checkbox") control.checked = Boolean(value);
      else control.value = value;
    };
    const { category, solved_result: result, ...rest } = entry.fields;
    for (const [name, value] of Object.entries(rest)) set(name, value);
    set("category", Object.keys(codes).find((key) => codes[key] === category) || "");
    set("solved", result);
    set("solved_result", result);
    photos = (entry.photos || []).map((blob) => ({ blob, ready: Promise.resolve() }));
    drawPhotos();
    voiceNote = entry.voice;
    if (voiceNote) recording?.show(voiceNote);
    for (const details of form.querySelectorAll("details[data-more]")) {
      if ([...details.querySelectorAll("input:not([type=radio]), select")].some((control) => control.value)) details.open = true;
    }
  };

  const start = () => {
    form.reset();
    id = store.newId();
    photos = [];
    recording?.show(null);
    voiceNote = null;
    asked = false;
    drawPhotos();
    clear();
  };

  /* The form as the browser sends it: photos and voice go back into its fields. */
  const sendAsForm = () => {
    const put = (input, files) => {
      const held = new DataTransfer();
      for (const file of files) held.items.add(file);
      input.files = held.files;
    };
    put(photoInput, photos.map(({ blob }, index) => new File([blob], `photo-${index + 1}.jpg`, { type: blob.type })));
    put(form.elements.voice, voiceNote ? [new File([voiceNote], "voice", { type: voiceNote.type })] : []);
    form.elements.submission_id.value = id;
    form.elements.no_photo.value = asked ? "1" : "";
    form.submit();
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.dataset.keeping) return;
    form.dataset.keeping = "1";
    const send = event.submitter || form.querySelector("[type=submit]");
    send.classList.add("button--busy");
    const stop = () => {
      delete form.dataset.keeping;
      send.classList.remove("button--busy");
    };
    await recording?.finish();
    await Promise.all(photos.map((photo) => photo.ready));
    const given = fields();
    if (!given.description && photos.length === 0 && !voiceNote) {
      blame({ errors: { description: [words.sayIt] } });
      return stop();
    }
    if (form.elements.solved?.checked && !given.solved_result) {
      blame({ errors: { solved_result: [words.sayResult] } });
      return stop();
    }
    if (!asked && offerPhoto()) {
      asked = true;
      askPhoto.scrollIntoView({ block: "center" });
      return stop();
    }
    let outcome;
    try {
      outcome = await outbox.keep({ id, kind: "filing", url: "/api/v1/cases/", fields: given,
        photos: photos.map((photo) => photo.blob), voice: voiceNote });
    } catch {
      // The phone keeps nothing (private window, full): the ordinary way, unless that would lose what was typed.
      if (navigator.onLine) return sendAsForm();
      outbox.say(words.cannotKeep);
      return stop();
    }
    if (outcome.result === "mend") {
      if (outcome.error.code === "submission_taken") {
        await store.remove(id);
        id = store.newId();
      }
      blame(outcome.error);
      return stop();
    }
    stop();
    start();
    if (outcome.result === "sent") location.assign(`/report/${outcome.number}/`);
    else await outbox.goOn(outcome);
  });
  // A step back shows an empty form: what was sent, or waits, is no longer here to be sent twice.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    delete form.dataset.keeping;
    for (const busy of form.querySelectorAll(".button--busy")) busy.classList.remove("button--busy");
  });

  const mend = new URLSearchParams(location.search).get("mend");
  if (mend) {
    store.get(mend).then((entry) => {
      if (!entry || entry.user !== outbox.user || entry.kind !== "filing") return;
      id = mend;
      fill(entry);
      if (entry.error) blame(entry.error);
    });
  }
})();
