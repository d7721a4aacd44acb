/* Small comforts; every page works without them. */
(() => {
  "use strict";

  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (menu !== except) menu.open = false;
    }
  };
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details[data-menu][open]");
    if (open) {
      closeMenus(null);
      open.querySelector("summary").focus();
    }
  });

  // The native file control speaks the browser's language and shows no picture: show both in ours.
  for (const box of document.querySelectorAll("[data-filebox]")) {
    const input = box.querySelector("input[type=file]");
    const list = document.createElement("div");
    list.className = "filebox__list";
    list.setAttribute("aria-live", "polite");
    list.hidden = true;
    box.append(list);
    box.classList.add("filebox--live");
    box.querySelector(".filebox__prompt").hidden = false;
    input.addEventListener("change", () => {
      list.replaceChildren();
      for (const file of input.files) {
        if (/^image\/(jpeg|png|webp)$/.test(file.type)) {
          const image = new Image();
          image.className = "filebox__thumb";
          image.alt = `${box.dataset.chosen} ${file.name}`;
          image.src = URL.createObjectURL(file);
          image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
          list.append(image);
        } else {
          const name = document.createElement("span");
          name.textContent = file.name;
          list.append(name);
        }
      }
      list.hidden = list.childElementCount === 0;
    });
  }

  // A second tap on a slow network must not send a form twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    event.submitter?.classList.add("button--busy");
  });
  // Coming back with the browser's back button shows the page as it was left: let it be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll(".button--busy")) button.classList.remove("button--busy");
  });
})();
