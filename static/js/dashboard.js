// Fetches the parts of a dashboard that are asked for one by one; each is a link until then, and stays one if it fails.
(() => {
  "use strict";

  const put = async (place) => {
    const answer = await fetch(`${place.dataset.panel}&fragment=1`, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error("no answer");
    const read = new DOMParser().parseFromString(await answer.text(), "text/html");
    const panel = read.querySelector("section");
    if (!panel) throw new Error("no panel");
    place.replaceWith(document.adoptNode(panel));
  };

  for (const place of document.querySelectorAll("[data-panel]")) {
    place.setAttribute("aria-busy", "true");
    put(place).catch(() => {
      place.removeAttribute("aria-busy");
      place.querySelector("[data-words]").textContent = place.dataset.failed;
    });
  }
})();

// Draws the trend's table as a chart. The table is the one source of the numbers; without this script it stays open.
(() => {
  "use strict";

  const box = document.querySelector("[data-trend]");
  const table = box && document.getElementById(box.dataset.trend);
  if (!table || !window.echarts) return;

  const rows = [...table.tBodies[0].rows];
  const words = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const labels = rows.map((row) => row.cells[0].textContent.trim());
  const numbers = (column) => rows.map((row) => Number(row.cells[column].dataset.value));

  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(name).trim();
  const font = { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 13, color: token("--ink-soft") };

  box.hidden = false;
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", table.caption.textContent.trim());
  const numbersBox = box.parentElement.querySelector("[data-numbers]");
  numbersBox.open = false;

  const locale = document.documentElement.lang === "en" ? "EN" : "ZH";
  const chart = window.echarts.init(box, null, { locale });
  const bars = (column, colour) => ({
    name: words[column],
    type: "bar",
    data: numbers(column),
    color: colour,
    barGap: "-100%",
    barMaxWidth: 36,
    itemStyle: { borderRadius: [3, 3, 0, 0] },
  });
  chart.setOption({
    animation: false,
    textStyle: font,
    grid: { left: 4, right: 8, top: 40, bottom: 4, containLabel: true },
    legend: { top: 0, left: 0, itemWidth: 14, itemHeight: 10, textStyle: font },
    tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow" }, textStyle: { ...font, color: token("--ink") } },
    xAxis: {
      type: "category",
      data: labels,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: token("--line-strong") } },
      axisLabel: { ...font, hideOverlap: true, alignMinLabel: "left", alignMaxLabel: "right" },
    },
    yAxis: {
      type: "value",
      minInterval: 1,
      axisLabel: font,
      splitLine: { lineStyle: { color: token("--line") } },
    },
    // Closed cases are part of the accepted ones: drawn in front of them, what stays light is still open.
    series: [bars(1, token("--blue-200")), bars(2, token("--accent"))],
  });
  new ResizeObserver(() => {
    if (!window.matchMedia("print").matches) chart.resize();
  }).observe(box);

  // Paper is narrower than most windows (A4 less its margins, in CSS pixels), and has room for the numbers too.
  const PAPER = 640;
  window.addEventListener("beforeprint", () => {
    numbersBox.open = true;
    chart.resize({ width: Math.min(PAPER, box.clientWidth), height: 220 });
    chart.getZr().flush();
  });
  window.addEventListener("afterprint", () => {
    chart.resize({ width: "auto", height: "auto" });
  });
})();
