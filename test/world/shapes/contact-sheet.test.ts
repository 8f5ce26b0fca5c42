import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import { contactSheet } from '../../../world/scenes/common/contact-sheet.ts';
import { render } from '../../../world/scenes/shapes/renderer.ts';
import { scenes } from '../../../world/scenes/shapes/scene.ts';

test('pictures are in rows, each pixel enlarged', () => {
  const pictures = scenes.slice(0, 5).map((scene) => render(scene));
  const sheet = PNG.sync.read(contactSheet(pictures, 3, 2));
  expect([sheet.width, sheet.height]).toEqual([3 * 68, 2 * 68]);
  const at = (x: number, y: number): number[] => [...sheet.data.subarray(4 * (y * sheet.width + x)).subarray(0, 3)];
  // The first scene is a red circle in the middle of white; the fifth, in the second row, has it at the bottom right.
  expect(at(32, 32)).toEqual([229, 26, 26]);
  expect(at(2, 2)).toEqual([245, 245, 245]);
  expect(at(68 + 46, 68 + 46)).toEqual([229, 26, 26]);
});
