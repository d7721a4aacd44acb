/* Photos made small on the phone: at most 2048 px, under 500 KB, upright; what cannot be read is sent as it is. */
(() => {
  "use strict";

  const LONG_SIDE = 2048;
  const BYTES = 500 * 1000;
  const QUALITIES = [0.82, 0.7, 0.6, 0.5];

  const decoded = async (file) => {
    if (self.createImageBitmap) {
      try {
        return await createImageBitmap(file, { imageOrientation: "from-image" });
      } catch { /* an older browser: by an image element, which turns it upright as well */ }
    }
    const image = new Image();
    const url = URL.createObjectURL(file);
    try {
      image.src = url;
      await image.decode();
      return image;
    } finally {
      URL.revokeObjectURL(url);
    }
  };

  const drawn = (picture, side) => {
    const width = picture.naturalWidth || picture.width;
    const height = picture.naturalHeight || picture.height;
    const scale = Math.min(1, side / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return canvas;
  };

  const shrink = async (file) => {
    let picture;
    try {
      picture = await decoded(file);
    } catch {
      return file;
    }
    let best = null;
    for (let side = LONG_SIDE; side >= 512; side = Math.round(side * 0.75)) {
      const canvas = drawn(picture, side);
      for (const quality of QUALITIES) {
        best = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
        if (best && best.size < BYTES) return best;
      }
    }
    return best || file;
  };

  window.ljPhotos = { shrink };
})();
