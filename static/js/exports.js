// Follows exports that are not finished; when one ends, the page is loaded again. Without this script a link does so.
(() => {
  "use strict";

  const list = document.querySelector("[data-exports]");
  if (!list) return;
  const every = 2000;

  const follow = async () => {
    try {
      const answer = await fetch(list.dataset.exports, { headers: { Accept: "application/json" } });
      if (answer.ok && !answer.redirected) {
        const { exports } = await answer.json();
        for (const one of exports) {
          const item = list.querySelector(`[data-export="${one.pk}"]`);
          const done = item?.querySelector("[data-done]");
          if (!done) continue;
          if (!["queued", "running"].includes(one.state)) {
            window.location.reload();
            return;
          }
          done.textContent = one.done.toLocaleString("en");
          item.querySelector("progress").value = one.done;
        }
      }
    } catch {
      // No network: the next try may reach it.
    }
    window.setTimeout(follow, every);
  };
  window.setTimeout(follow, every);
})();
