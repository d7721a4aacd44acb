/* Signed out: how many things wait on this phone, and nothing of what they say. */
(() => {
  "use strict";

  const line = document.getElementById("outbox-waiting");
  if (!line || !window.indexedDB) return;
  window.ljStore.all().then((entries) => {
    line.querySelector("[data-count]").textContent = entries.length;
    line.hidden = entries.length === 0;
  }).catch(() => {}); // a phone that keeps nothing has nothing waiting
})();
