import { expect, it } from 'vitest';
import { resizePicture } from '../../common/pictures/bicubic.ts';

const values = (length: number, value: (i: number) => number) => Float32Array.from({ length }, (_, i) => value(i));

it('keeps a picture of its own size, and one color at any size', () => {
  const picture = values(3 * 4 * 3, (i) => Math.sin(i));
  expect([...resizePicture(picture, [3, 4], [3, 4])]).toEqual([...picture]);
  const gray = resizePicture(
    values(2 * 2 * 3, () => 0.5),
    [2, 2],
    [5, 7],
  );
  expect(gray.length).toBe(5 * 7 * 3);
  for (const value of gray) expect(value).toBeCloseTo(0.5, 6);
});

it('enlarges smoothly: a ramp stays one inside, each channel and each direction by itself', () => {
  const ramp = values(8 * 8 * 3, (i) => (i % 3 === 1 ? Math.floor(i / 3) % 8 : 0) / 8);
  const large = resizePicture(ramp, [8, 8], [16, 16]);
  const at = (y: number, x: number, c: number) => large[3 * (16 * y + x) + c]!;
  for (let x = 5; x < 10; x++) expect(at(8, x + 1, 1) - at(8, x, 1)).toBeCloseTo(1 / 16, 6);
  for (let y = 0; y < 15; y++) expect(at(y + 1, 7, 1)).toBeCloseTo(at(y, 7, 1), 6);
  expect([at(8, 8, 0), at(8, 8, 2)]).toEqual([0, 0]);
});
