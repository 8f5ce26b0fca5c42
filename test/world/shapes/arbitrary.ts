import fc from 'fast-check';
import { attributeNames, scenes, type Scene } from '../../../world/scenes/shapes/scene.ts';

export const anyScene = fc.constantFrom(...scenes);

/** A scene with some attributes unsaid and at least one said. */
export const anyPartialScene = fc
  .tuple(anyScene, fc.subarray([...attributeNames], { minLength: 1 }))
  .map(([scene, names]) => Object.fromEntries(names.map((name) => [name, scene[name]])) as Partial<Scene>);

export const anySeed = fc.integer({ min: 0, max: 2 ** 32 - 1 });
