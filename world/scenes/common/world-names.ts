/** The embedded worlds: of 32 pixels in one style, and of 64 pixels in four. */
export const WORLD_NAMES = ['shapes', 'gallery'] as const;
export type WorldName = (typeof WORLD_NAMES)[number];

/** Sources of prompts and pictures: the worlds, and the gallery's harder tier, whose pictures the gallery's models make. */
export const SOURCE_NAMES = [...WORLD_NAMES, 'gallery-hard'] as const;
export type SourceName = (typeof SOURCE_NAMES)[number];

/** Returns whether a source of prompts or pictures is an embedded world, or a tier of one, not a path. */
export function isWorldName(source: string): source is SourceName {
  return (SOURCE_NAMES as readonly string[]).includes(source);
}

/** What sentences call them. */
export const worldTitles: Readonly<Record<SourceName, string>> = {
  shapes: 'the shapes world',
  gallery: 'the gallery',
  'gallery-hard': "the gallery's harder tier",
};
