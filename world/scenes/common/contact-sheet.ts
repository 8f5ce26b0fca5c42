import { PNG } from 'pngjs';

/**
 * Makes a PNG of many square pictures ([side, side, 3] in [0, 1]) in rows of `columns`, each pixel enlarged `zoom` times.
 */
export function contactSheet(pictures: readonly Float32Array[], columns: number, zoom = 3): Buffer {
  const pictureSize = Math.sqrt((pictures[0]?.length ?? 0) / 3);
  const cell = pictureSize * zoom + 4;
  const sheet = new PNG({ width: columns * cell, height: Math.ceil(pictures.length / columns) * cell });
  sheet.data.fill(255);
  pictures.forEach((picture, index) => {
    const left = (index % columns) * cell;
    const top = Math.floor(index / columns) * cell;
    for (let y = 0; y < pictureSize * zoom; y++) {
      for (let x = 0; x < pictureSize * zoom; x++) {
        const from = 3 * (Math.floor(y / zoom) * pictureSize + Math.floor(x / zoom));
        const to = 4 * ((top + y) * sheet.width + left + x);
        for (let c = 0; c < 3; c++) sheet.data[to + c] = Math.round(255 * Math.min(1, Math.max(0, picture[from + c]!)));
      }
    }
  });
  return PNG.sync.write(sheet);
}
