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

  /* Where a JPEG was taken, as an Exif segment that holds nothing else; null without. Drawing anew would lose it. */
  const TAKEN_AT = [1, 2, 3, 4]; // north or south, latitude, east or west, longitude
  const positionOf = async (file) => {
    const bytes = new DataView(await file.slice(0, 256 * 1024).arrayBuffer());
    if (bytes.byteLength < 4 || bytes.getUint16(0) !== 0xffd8) return null;
    for (let at = 2; at + 10 < bytes.byteLength && bytes.getUint8(at) === 0xff; at += 2 + bytes.getUint16(at + 2)) {
      if (bytes.getUint16(at) === 0xffe1 && bytes.getUint32(at + 4) === 0x45786966) return segmentOf(bytes, at + 10);
    }
    return null;
  };
  const segmentOf = (bytes, start) => {
    const little = bytes.getUint16(start) === 0x4949;
    const short = (at) => bytes.getUint16(at, little);
    const long = (at) => bytes.getUint32(at, little);
    const entries = (directory) =>
      Array.from({ length: short(directory) }, (_, number) => directory + 2 + 12 * number);
    const pointer = entries(start + long(start + 4)).find((entry) => short(entry) === 0x8825);
    if (!pointer) return null;
    const found = new Map(entries(start + long(pointer + 8)).map((entry) => [short(entry), entry]));
    if (!TAKEN_AT.every((tag) => found.has(tag))) return null;
    // Exif, TIFF head, a directory that points to the other one, its four entries, two times three fractions.
    const made = new DataView(new ArrayBuffer(10 + 80 + 48));
    const head = [0xff, 0xe1, 0, made.byteLength - 2, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 42, 0, 0, 0, 8];
    head.forEach((byte, place) => made.setUint8(place, byte));
    const base = 10;
    const entry = (place, tag, type, count, value) => {
      made.setUint16(place, tag);
      made.setUint16(place + 2, type);
      made.setUint32(place + 4, count);
      made.setUint32(place + 8, value);
    };
    made.setUint16(base + 8, 1);
    entry(base + 10, 0x8825, 4, 1, 26);
    made.setUint16(base + 26, 4);
    TAKEN_AT.forEach((tag, number) => {
      const from = found.get(tag);
      const place = base + 28 + 12 * number;
      if (tag % 2) {
        entry(place, tag, 2, 2, bytes.getUint8(from + 8) << 24);
        return;
      }
      const to = 80 + 24 * (tag / 2 - 1);
      entry(place, tag, 5, 3, to);
      for (let word = 0; word < 6; word += 1) {
        made.setUint32(base + to + 4 * word, long(start + long(from + 8) + 4 * word));
      }
    });
    return made.buffer;
  };
  const withPosition = async (blob, file) => {
    let segment = null;
    try {
      segment = await positionOf(file);
    } catch { /* a damaged head: the photo goes without its place */ }
    return segment ? new Blob([blob.slice(0, 2), segment, blob.slice(2)], { type: blob.type }) : blob;
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
        if (best && best.size < BYTES - 200) return withPosition(best, file);
      }
    }
    return best || file;
  };

  window.ljPhotos = { shrink };
})();
