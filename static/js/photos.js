/* Photos made small on the phone: at most 2048 px, under 500 KB, upright; where it was taken goes along, nothing
   else of what the camera wrote. What cannot be read is sent as it is. */
(() => {
  "use strict";

  const LONG_SIDE = 2048;
  const BYTES = 499 * 1000; // with the place still under 500 KB
  const READ = 256 * 1024;
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

  /* Where a JPEG was taken: the latitude's and longitude's letters and 24 bytes each, or null. */
  const placeOf = async (file) => {
    const view = new DataView(await file.slice(0, READ).arrayBuffer());
    if (view.getUint16(0) !== 0xffd8) return null;
    let at = 2;
    while (view.getUint8(at) === 0xff && view.getUint8(at + 1) !== 0xda) {
      if (view.getUint16(at) === 0xffe1 && view.getUint32(at + 4) === 0x45786966) return placeIn(view, at + 10);
      at += 2 + view.getUint16(at + 2);
    }
    return null;
  };

  /* The same of the camera's notes (TIFF) that begin at `base`. */
  const placeIn = (view, base) => {
    const little = view.getUint16(base) === 0x4949;
    const short = (at) => view.getUint16(base + at, little);
    const long = (at) => view.getUint32(base + at, little);
    const entries = (start) =>
      new Map(Array.from({ length: short(start) }, (_, n) => [short(start + 2 + n * 12), start + 2 + n * 12]));
    const pointer = entries(long(4)).get(0x8825);
    if (!pointer) return null;
    const gps = entries(long(pointer + 8));
    if (![1, 2, 3, 4].every((tag) => gps.has(tag))) return null;
    const letter = (tag) => view.getUint8(base + gps.get(tag) + 8);
    const numbers = (tag) => Array.from({ length: 6 }, (_, n) => long(long(gps.get(tag) + 8) + n * 4));
    return { refs: [letter(1), letter(3)], values: [numbers(2), numbers(4)] };
  };

  /* Put the place into a redrawn JPEG: notes that hold "upright" and the position, in front of everything else. */
  const placed = (blob, place) => {
    const view = new DataView(new ArrayBuffer(150));
    let at = 0;
    const short = (...all) => { for (const one of all) { view.setUint16(at, one); at += 2; } };
    const long = (...all) => { for (const one of all) { view.setUint32(at, one); at += 4; } };
    const letter = (tag, code) => { short(tag, 2); long(2, code << 24); };
    short(0xffe1, 148);
    long(0x45786966); // "Exif"
    short(0);
    short(0x4d4d, 42); // from here on places are counted
    long(8);
    short(2, 0x0112, 3); long(1); short(1, 0);
    short(0x8825, 4); long(1, 38, 0);
    short(4);
    letter(1, place.refs[0]);
    short(2, 5); long(3, 92);
    letter(3, place.refs[1]);
    short(4, 5); long(3, 116);
    long(0, ...place.values[0], ...place.values[1]);
    return new Blob([blob.slice(0, 2), view, blob.slice(2)], { type: "image/jpeg" });
  };

  const shrink = async (file) => {
    const [small, place] = await Promise.all([redrawn(file), placeOf(file).catch(() => null)]);
    return place && small !== file ? placed(small, place) : small;
  };

  const redrawn = async (file) => {
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
