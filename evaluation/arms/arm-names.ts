/** The arm chosen on validation prompts: a blend of embeddings, in the last K steps. */
export const CHOSEN = 'chosen';
/** The arm of the exported files, used in all steps as any text encoder is. */
export const EXPORTED = 'exported';
/** The arm of the version in production, and the arm of its exported files. */
export const CHAMPION = 'champion';
export const CHAMPION_EXPORTED = 'champion-exported';
