/** The embedded worlds: of 32 pixels in one style, and of 64 pixels in four. */
export const WORLD_NAMES = ['shapes', 'gallery'] as const;
export type WorldName = (typeof WORLD_NAMES)[number];
