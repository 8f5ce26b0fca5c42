import { WORLD_NAMES, type SourceName } from '../scenes/common/world-names.ts';
import { galleryHardWorld, galleryWorld } from './gallery-world.ts';
import type { KnownWorld } from './known-world.ts';
import { shapesWorld } from './shapes-world.ts';

const worlds: Readonly<Record<SourceName, KnownWorld>> = {
  shapes: shapesWorld,
  gallery: galleryWorld,
  'gallery-hard': galleryHardWorld,
};

export function knownWorld(name: SourceName): KnownWorld {
  return worlds[name];
}

/** Sides of the worlds' pictures, for messages. */
export const worldSides = WORLD_NAMES.map((name) => worlds[name].side).join(' or ');

/** Returns the world whose pictures have this side, in pixels; `undefined` when no world's have. */
export function worldOfSide(pixels: number): KnownWorld | undefined {
  return WORLD_NAMES.map((name) => worlds[name]).find(({ side }) => side === pixels);
}
