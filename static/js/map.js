// Draws the table's units on a map. The table is the one source of the numbers; without this script it stands alone.
(() => {
  "use strict";

  const box = document.getElementById("map");
  const table = document.getElementById("map-rows");
  if (!box || !table || !window.L) return;

  const L = window.L;
  const note = document.getElementById("map-note");
  const words = box.dataset;
  let casesFrom = 14; // the zoom at which single cases are asked for; always closer than the whole
  const LABEL_FROM = 72;  // pixels an area is wide before its number is written on it
  const CHINA = [[18, 73], [54, 135]];

  box.hidden = false;
  const map = L.map(box, {
    zoomControl: false,
    scrollWheelZoom: false,
    maxZoom: Number(words.maxZoom) || 18,
    zoomSnap: 0.5,
    attributionControl: Boolean(words.credit),
  });
  L.control.zoom({ zoomInTitle: words.wordIn, zoomOutTitle: words.wordOut }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 160 }).addTo(map);
  if (words.credit) map.attributionControl.setPrefix(false);
  // The wheel moves the page until somebody has begun to use the map.
  map.on("focus click", () => map.scrollWheelZoom.enable());
  map.on("blur", () => map.scrollWheelZoom.disable());
  ["data-tiles-1", "data-tiles-2"].map((name) => box.getAttribute(name)).filter(Boolean).forEach((url) => {
    L.tileLayer(url, { maxZoom: Number(words.maxZoom) || 18, attribution: words.credit, referrerPolicy: "origin" }).addTo(map);
  });
  map.fitBounds(CHINA);

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };
  const link = (url, text) => {
    const made = element("a", "map-popup__link", text);
    made.href = url;
    return made;
  };

  const popupOf = (row) => {
    const popup = element("div", "map-popup");
    popup.append(element("strong", "map-popup__name", row.dataset.name));
    popup.append(element("span", "map-popup__label", table.tHead.rows[0].cells[1].textContent.trim()));
    const value = element("span", "map-popup__value", row.dataset.value);
    if (row.dataset.parts) value.append(" ", element("span", "map-popup__parts", row.dataset.parts));
    popup.append(value);
    const links = element("span", "map-popup__links");
    links.append(link(row.querySelector("[data-dashboard]").href, words.wordDashboard));
    const list = row.querySelector("[data-list]");
    if (list) links.append(link(list.href, words.wordList));
    popup.append(links);
    return popup;
  };

  const labelled = [];
  const add = (layer, row) => {
    const label = element("span", "map-label__words", row.dataset.name);
    label.append(element("span", "map-label__value", row.dataset.value));
    layer.bindPopup(() => popupOf(row), { minWidth: 180 });
    layer.bindTooltip(label, { permanent: true, direction: "center", className: "map-label", interactive: false });
    layer.on("popupopen", () => row.classList.add("map-table__row--current"));
    layer.on("popupclose", () => row.classList.remove("map-table__row--current"));
    layer.addTo(map);
    labelled.push(layer);
    return layer;
  };

  const showLabels = () => {
    labelled.forEach((layer) => {
      const ends = layer.getBounds();
      const wide = map.latLngToLayerPoint(ends.getNorthEast()).x - map.latLngToLayerPoint(ends.getSouthWest()).x;
      layer.getTooltip().setOpacity(wide >= LABEL_FROM && map.getZoom() < casesFrom ? 1 : 0);
    });
  };

  const turned = (area) => area.map((polygon) => polygon.map((ring) => ring.map(([lon, lat]) => [lat, lon])));

  const draw = (areas) => {
    const everything = L.latLngBounds([]);
    if (areas.own) {
      const own = L.polygon(turned(areas.own), { className: "map-own", interactive: false }).addTo(map);
      everything.extend(own.getBounds());
    }
    for (const row of table.tBodies[0].rows) {
      const area = areas.below[row.dataset.unit];
      const shade = `map-shape map-shade--${row.dataset.shade}`;
      if (area) {
        everything.extend(add(L.polygon(turned(area), { className: shade }), row).getBounds());
      } else if (row.dataset.lat) {
        const spot = [Number(row.dataset.lat), Number(row.dataset.lon)];
        const middle = row.dataset.drawn === "middle" ? " map-shape--middle" : "";
        // Circles keep their size on the screen; where they lie close their words would cover one another.
        const circle = L.circleMarker(spot, { radius: 16, className: shade + middle }).addTo(map);
        circle.bindPopup(() => popupOf(row), { minWidth: 180 });
        circle.bindTooltip(`${row.dataset.name} ${row.dataset.value}`, { direction: "top", offset: [0, -14] });
        everything.extend(spot);
      }
    }
    if (everything.isValid()) map.fitBounds(everything, { padding: [16, 16], maxZoom: 16 });
    casesFrom = Math.min(Math.max(casesFrom, map.getZoom() + 1), map.getMaxZoom());
    showLabels();
    map.on("zoomend", showLabels);
    map.on("moveend", () => showCases());
    showCases();
  };

  // Single cases

  const clusters = L.markerClusterGroup({
    showCoverageOnHover: false,
    animate: false,
    chunkedLoading: true,
    maxClusterRadius: 44,
    iconCreateFunction: (cluster) => L.divIcon({
      html: element("span", "", String(cluster.getChildCount())),
      className: "map-cluster",
      iconSize: [40, 40],
    }),
  });
  clusters.on("clusterkeypress", (event) => event.originalEvent?.key === "Enter" && event.layer.zoomToBounds());
  clusters.on("animationend layeradd", () => nameClusters());
  const nameClusters = () => box.querySelectorAll(".map-cluster:not([aria-label])").forEach((icon) => {
    icon.setAttribute("aria-label", words.wordCases.replace("[n]", icon.textContent));
  });

  const casePopup = (one) => {
    const popup = element("div", "map-popup");
    popup.append(element("strong", "map-popup__name", one.title));
    popup.append(element("span", "map-popup__label", `${one.number} · ${one.status}`));
    if (one.late) popup.append(element("span", "map-popup__late", words.wordLate));
    const links = element("span", "map-popup__links");
    links.append(link(one.url, words.wordOpen));
    popup.append(links);
    return popup;
  };

  const markerOf = (one) => {
    const icon = L.divIcon({ className: `map-case${one.late ? " map-case--late" : ""}`, html: one.late ? "!" : "", iconSize: [22, 22] });
    return L.marker([one.lat, one.lon], { icon, title: one.title, keyboard: true }).bindPopup(() => casePopup(one));
  };

  let asked = "";
  let waiting = null;
  const showCases = async () => {
    if (map.getZoom() < casesFrom) {
      waiting?.abort();
      asked = "";
      clusters.clearLayers();
      map.removeLayer(clusters);
      box.classList.remove("map--close");
      note.textContent = words.wordCloser;
      return;
    }
    box.classList.add("map--close");
    const ends = map.getBounds().pad(0.2);
    const inside = (value, most) => Math.max(-most, Math.min(most, value)).toFixed(5);
    const query = [inside(ends.getWest(), 180), inside(ends.getSouth(), 90), inside(ends.getEast(), 180), inside(ends.getNorth(), 90)].join(",");
    if (query === asked) return;
    asked = query;
    waiting?.abort();
    waiting = new AbortController();
    try {
      const answer = await fetch(`${words.cases}&box=${query}`, { signal: waiting.signal });
      if (!answer.ok) throw new Error(answer.status);
      const found = await answer.json();
      // What somebody is reading stays open while the map is moved beneath it.
      if (box.querySelector(".leaflet-popup") && clusters.getLayers().length) return;
      clusters.clearLayers();
      clusters.addLayers(found.cases.map(markerOf));
      map.addLayer(clusters);
      nameClusters();
      note.textContent = found.cut ? words.wordCut : found.cases.length ? words.wordCases.replace("[n]", found.cases.length) : words.wordNone;
    } catch (error) {
      if (error.name !== "AbortError") note.textContent = words.wordFailed;
    }
  };

  fetch(words.areas)
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status))))
    .then(draw)
    .catch(() => {
      note.textContent = words.wordFailed;
    });
})();
