/** The embedded worlds: of 32 pixels in one style, and of 64 pixels in four. */
export const WORLD_NAMES = ['shapes', 'gallery'] as const;
export type WorldName = (typeof WORLD_NAMES)[number];

/** Returns whether a source of prompts or pictures is an embedded world, not a path. */
export function isWorldName(source: string): source is WorldName {
  return (WORLD_NAMES as readonly string[]).includes(source);
}

/** What sentences call them. */
export const worldTitles: Readonly<Record<WorldName, string>> = { shapes: 'the shapes world', gallery: 'the gallery' };
