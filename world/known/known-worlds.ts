import type { WorldName } from '../scenes/common/world-names.ts';
import { galleryWorld } from './gallery-world.ts';
import type { KnownWorld } from './known-world.ts';
import { shapesWorld } from './shapes-world.ts';

const worlds: Readonly<Record<WorldName, KnownWorld>> = { shapes: shapesWorld, gallery: galleryWorld };

export function knownWorld(name: WorldName): KnownWorld {
  return worlds[name];
}

/** Sides of the worlds' pictures, for messages. */
export const worldSides = Object.values(worlds)
  .map(({ side }) => side)
  .join(' or ');

/** Returns the world whose pictures have this side, in pixels; `undefined` when no world's have. */
export function worldOfSide(pixels: number): KnownWorld | undefined {
  return Object.values(worlds).find(({ side }) => side === pixels);
}
