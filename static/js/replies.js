/* Puts a reply template into the field it is for; without this the button brings the form back with the text. */
(() => {
  "use strict";

  const take = (picker) => {
    const field = document.getElementById(`id_${picker.dataset.field}`);
    const select = picker.querySelector("select");
    const button = picker.querySelector("button[name=use_reply]");
    if (!field) return;
    button.type = "button";
    // What was put in last: choosing another one replaces it as long as nobody has changed it.
    let put = "";
    button.addEventListener("click", () => {
      const text = select.selectedOptions[0]?.dataset.text;
      if (!text) {
        select.focus();
        return;
      }
      const typed = field.value;
      if (put && typed.endsWith(put)) field.value = typed.slice(0, -put.length) + text;
      else field.value = typed.trim() ? `${typed.trimEnd()}\n${text}` : text;
      put = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    });
  };
  const takeAll = (root) => root.querySelectorAll("[data-replies]").forEach(take);

  takeAll(document);
  // The desk opens steps beside the case.
  document.addEventListener("desk:panel", (event) => takeAll(event.detail));
})();
