/* The desk by keyboard, its steps in a panel beside the case, and a look every ten seconds whether somebody else has
   changed it. Every page works without this script. */
(() => {
  "use strict";

  const EVERY = 10_000;
  const PAIR = 1_000; // how long "g" waits for its second letter

  const ready = (run) =>
    document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", run) : run();

  const isTyping = (target) =>
    target instanceof Element &&
    (target.closest("input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, select") !== null ||
      target.isContentEditable);

  const visible = (element) => element && element.getClientRects().length > 0;

  ready(() => {
    const help = document.getElementById("desk-keys");
    const helpButton = document.querySelector("[data-keys-help]");
    const page = document.querySelector("[data-desk-case]");
    const list = document.getElementById("result_list");
    const panel = page ? makePanel() : null;
    let first = "";
    let firstAt = 0;

    if (helpButton && help) {
      helpButton.hidden = false;
      helpButton.addEventListener("click", () => help.showModal());
    }
    const onList = list ? makeList(list) : null;
    if (page) watch(page);

    const press = (selector) => {
      const link = document.querySelector(selector);
      if (!visible(link)) return false;
      link.click();
      return true;
    };

    const goSearch = () => {
      const field = document.getElementById("searchbar");
      if (field) {
        field.focus();
        field.select();
        return true;
      }
      if (!page) return false;
      location.assign(`${page.dataset.inbox}#searchbar`);
      return true;
    };

    document.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && !"jk".includes(event.key)) return;
      if (event.key === "Escape" && panel && panel.isOpen()) {
        panel.close();
        return;
      }
      if (isTyping(event.target) || document.querySelector("dialog[open]:modal")) return;
      if (event.shiftKey && event.key !== "?") return;
      const key = event.key;
      const pair = first === "g" && event.timeStamp - firstAt < PAIR;
      first = "";
      let done = false;
      if (pair && key === "i") {
        done = press("[data-desk-inbox]") || (location.assign(inboxOf()), true);
      } else if (key === "g") {
        first = "g";
        firstAt = event.timeStamp;
        done = true;
      } else if (key === "?") {
        if (help) {
          help.showModal();
          done = true;
        }
      } else if (key === "/") {
        done = goSearch();
      } else if (onList) {
        done = onList(key, event.target);
      } else if (page) {
        done = onCase(key);
      }
      if (done) event.preventDefault();
    });

    const inboxOf = () => (page ? page.dataset.inbox : location.pathname);

    const onCase = (key) => {
      // With a step open the letters do nothing: a slip beside the field would throw it away.
      if (panel.isOpen()) return false;
      if (key === "n") return press("[data-desk-next]");
      if (key === "p") return press("[data-desk-previous]");
      if (key === "u") return press("[data-desk-back]");
      return /^[a-z]$/.test(key) ? press(`[data-key="${key}"]`) : false;
    };

    if (page && location.hash.startsWith("#key-")) {
      const key = location.hash.slice(5);
      history.replaceState(null, "", location.pathname + location.search);
      onCase(key);
    }
    if (location.hash === "#searchbar") goSearch();
  });

  function makeList(list) {
    const rows = [...list.querySelectorAll("tr")].filter((row) => row.querySelector("a.desk-title"));
    let at = -1;
    const link = () => rows[at]?.querySelector("a.desk-title");
    const move = (to) => {
      if (!rows.length) return true;
      rows[at]?.classList.remove("desk-row--here");
      at = Math.max(0, Math.min(rows.length - 1, to));
      rows[at].classList.add("desk-row--here");
      rows[at].scrollIntoView({ block: "nearest" });
      link().focus({ preventScroll: true });
      return true;
    };
    document.addEventListener("focusin", (event) => {
      const row = event.target.closest?.("tr");
      const found = rows.indexOf(row);
      if (found < 0 || found === at) return;
      rows[at]?.classList.remove("desk-row--here");
      at = found;
      row.classList.add("desk-row--here");
    });
    return (key, target) => {
      if (key === "j") return move(at + 1);
      if (key === "k") return move(at < 0 ? 0 : at - 1);
      if (key === "Enter") {
        if (at < 0 || target instanceof Element && target.closest("a, button, summary")) return false;
        link().click();
        return true;
      }
      if (key === "x") {
        const box = rows[at]?.querySelector("input.action-select");
        if (box) box.click();
        return Boolean(box);
      }
      if (key === "a") {
        const chosen = list.querySelector("input.action-select:checked");
        const action = document.querySelector("select[name=action]");
        if (chosen && action) {
          action.value = "assign_chosen";
          action.form.requestSubmit();
          return true;
        }
        if (at < 0) return false;
        location.assign(`${link().href}#key-a`);
        return true;
      }
      return false;
    };
  }

  /* The panel: the step's own page is fetched, and its form stands beside the case. */
  function makePanel() {
    const box = document.getElementById("desk-panel");
    const words = box.dataset;
    const body = box.querySelector("[data-panel-body]");
    const title = box.querySelector("[data-panel-title]");
    let opener = null;
    let isDirty = false;
    let isGrave = false;

    const show = (text, address) => {
      const parsed = new DOMParser().parseFromString(text, "text/html");
      const step = parsed.querySelector("[data-desk-step]");
      if (!step) return false;
      body.replaceChildren(document.importNode(step, true));
      isGrave = step.dataset.grave === "1";
      const form = body.querySelector("form");
      if (form) form.action = address;
      document.dispatchEvent(new CustomEvent("desk:panel", { detail: body }));
      return true;
    };
    const focusFirst = () => {
      const field = body.querySelector(
        "[role=alert], .field--error input, input:not([type=hidden]):not([hidden]), select, textarea, button",
      );
      if (!field) return;
      if (field.matches("[role=alert]")) field.tabIndex = -1;
      field.focus();
    };
    const fail = () => {
      let line = body.querySelector("[data-panel-failed]");
      if (!line) {
        line = document.createElement("p");
        line.dataset.panelFailed = "";
        line.className = "desk-no";
        line.setAttribute("role", "alert");
        body.prepend(line);
      }
      line.textContent = words.failed;
    };
    const open = async (link) => {
      opener = link;
      let answer;
      try {
        answer = await fetch(link.href, { credentials: "same-origin", headers: { "X-Desk-Panel": "1" } });
        if (answer.redirected || !show(await answer.text(), link.href)) throw new Error("another page");
      } catch {
        location.assign(link.href);
        return;
      }
      isDirty = false;
      title.textContent = link.dataset.label;
      box.show();
      document.documentElement.classList.add("desk-panel-open");
      focusFirst();
    };
    const close = () => {
      if (isDirty && !window.confirm(words.discard)) return;
      box.close();
      isDirty = false;
      body.replaceChildren();
      document.documentElement.classList.remove("desk-panel-open");
      opener?.focus();
    };
    const send = async (form, submitter) => {
      if (isGrave && !window.confirm(words.sure)) return;
      const given = new FormData(form, submitter); // before its button is disabled, which would leave it out
      const buttons = [...form.querySelectorAll("button[type=submit]")];
      for (const button of buttons) button.disabled = true;
      try {
        const answer = await fetch(form.action, {
          method: "POST",
          body: given,
          credentials: "same-origin",
          headers: { "X-Desk-Panel": "1" },
        });
        if ((answer.headers.get("Content-Type") || "").includes("json")) {
          const { go } = await answer.json();
          if (typeof go !== "string") throw new Error("no way to go");
          isDirty = false;
          location.assign(go);
          return;
        }
        if (answer.redirected || !show(await answer.text(), form.action)) throw new Error("another page");
        focusFirst();
      } catch {
        for (const button of buttons) button.disabled = false;
        fail();
      }
    };

    document.addEventListener("click", (event) => {
      if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      const link = event.target.closest("a[data-step]");
      if (link) {
        event.preventDefault();
        if (!isDirty || window.confirm(words.discard)) open(link);
      } else if (box.contains(event.target) && event.target.closest("[data-panel-close]")) {
        event.preventDefault();
        close();
      }
    });
    body.addEventListener("input", () => {
      isDirty = true;
    });
    body.addEventListener("submit", (event) => {
      event.preventDefault();
      send(event.target, event.submitter || undefined);
    });
    window.addEventListener("beforeunload", (event) => {
      if (isDirty) event.preventDefault();
    });
    return { isOpen: () => box.open, close };
  }

  /* Somebody else on the same case. */
  function watch(page) {
    const notice = document.getElementById("desk-changed");
    let seen = Number(page.dataset.version);
    let tag = `"${seen}"`;
    const look = async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch(page.dataset.watch, {
          credentials: "same-origin",
          cache: "no-store",
          headers: { "If-None-Match": tag },
        });
        if (answer.status !== 200) return;
        const now = await answer.json();
        if (now.version <= seen) return;
        tag = `"${now.version}"`;
        notice.querySelector("[data-words]").textContent = now.words;
        notice.hidden = false;
      } catch {
        // No network: the next look may have one, and a step is checked by the server in any case.
      }
    };
    notice.querySelector("[data-refresh]").addEventListener("click", async () => {
      // Only the case is drawn anew: a step that is open keeps what was typed.
      try {
        const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-desk-case]");
        if (!answer.ok || !fresh) throw new Error("gone");
        page.dataset.version = fresh.dataset.version;
        seen = Number(fresh.dataset.version);
        tag = `"${seen}"`;
        page.replaceChildren(...document.importNode(fresh, true).childNodes);
        notice.hidden = true;
      } catch {
        location.reload();
      }
    });
    setInterval(look, Number(page.dataset.every) || EVERY);
    document.addEventListener("visibilitychange", look);
  }
})();
