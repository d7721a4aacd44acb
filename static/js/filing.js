/* On a wide screen there is room for the optional questions: show them opened. */
(() => {
  "use strict";

  if (!window.matchMedia("(width >= 64rem)").matches) return;
  for (const details of document.querySelectorAll("details[data-more]")) details.open = true;
})();
