import { PNG } from 'pngjs';

/** A PNG of a picture. @param pixels [height, width, 3] in [0, 1]; values outside are clipped */
export function encodePng(pixels: Float32Array, height: number, width: number): Buffer {
  const png = new PNG({ width, height });
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) png.data[4 * i + c] = Math.round(255 * Math.min(1, Math.max(0, pixels[3 * i + c]!)));
    png.data[4 * i + 3] = 255;
  }
  return PNG.sync.write(png, { colorType: 2 });
}
