import { join } from 'node:path';

/** The arm that validation prompts chose: a blend of embeddings, in the last K steps. */
export const CHOSEN = 'chosen';
/** The arm of the files that are handed out, used in all steps as everybody uses a text encoder. */
export const EXPORTED = 'exported';
/** The arm of the version in production, and that of what was handed out of it. */
export const CHAMPION = 'champion';
export const CHAMPION_EXPORTED = 'champion-exported';

/** Where the text encoder that is handed out lies in the sweep's artifact: a folder in transformers' layout. */
export const exportedEncoder = (sweep: string): string => join(sweep, EXPORTED, 'text_encoder');
