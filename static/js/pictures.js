// Saves a chart as PNG: the server's SVG, drawn by the browser with its own fonts. Without scripts the link gives the SVG.
(() => {
  "use strict";

  const SCALE = 2;

  const image = (source) =>
    new Promise((resolve, reject) => {
      const picture = new Image();
      picture.onload = () => resolve(picture);
      picture.onerror = () => reject(new Error("not drawn"));
      picture.src = source;
    });

  const png = (picture) => {
    const canvas = document.createElement("canvas");
    canvas.width = picture.naturalWidth * SCALE;
    canvas.height = picture.naturalHeight * SCALE;
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png");
    });
  };

  const save = (blob, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  const take = async (url) => {
    const answer = await fetch(url, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error("no answer");
    const name = /filename="([^"]+)\.svg"/.exec(answer.headers.get("Content-Disposition") || "");
    const source = URL.createObjectURL(new Blob([await answer.text()], { type: "image/svg+xml" }));
    try {
      save(await png(await image(source)), `${name ? name[1] : "chart"}.png`);
    } finally {
      URL.revokeObjectURL(source);
    }
  };

  // One listener for all: panels come later than this script.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-picture]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    take(link.href).catch(() => {
      window.location.assign(link.href);
    });
  });
})();
