import { join } from 'node:path';
import { EXPORTED } from './arm-names.ts';

/** Path of the exported text encoder in the sweep's artifact: a folder in transformers' layout. */
export const exportedEncoder = (sweep: string): string => join(sweep, EXPORTED, 'text_encoder');
