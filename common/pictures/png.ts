import { PNG } from 'pngjs';
import { InputError } from '../errors.ts';
import { reasonOf } from '../text/reason.ts';

/** Encodes a picture as PNG. @param pixels [height, width, 3] in [0, 1]; values outside are clipped */
export function encodePng(pixels: Float32Array, height: number, width: number): Buffer {
  const png = new PNG({ width, height });
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) png.data[4 * i + c] = Math.round(255 * Math.min(1, Math.max(0, pixels[3 * i + c]!)));
    png.data[4 * i + 3] = 255;
  }
  return PNG.sync.write(png, { colorType: 2 });
}

/** Decodes a PNG, ignoring its transparency. [height, width, 3] in [0, 1] @throws InputError that names the file */
export function decodePng(bytes: Buffer, name: string): { pixels: Float32Array; width: number; height: number } {
  try {
    const { width, height, data } = PNG.sync.read(bytes);
    const pixels = new Float32Array(width * height * 3);
    for (let i = 0; i < pixels.length; i++) pixels[i] = data[4 * Math.floor(i / 3) + (i % 3)]! / 255;
    return { pixels, width, height };
  } catch (error) {
    throw new InputError(`${name} is not a readable PNG: ${reasonOf(error)}.`);
  }
}
