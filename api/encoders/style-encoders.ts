import { existsSync } from 'node:fs';
import { InputError } from '../../common/errors.ts';
import { OWN_ENCODER } from '../../evaluation/evaluation-names.ts';
import { absolutePath } from '../../pipeline/config/config-file.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { judgedEncoder } from './find-encoder.ts';
import type { JudgedEncoder } from './judged-encoder.ts';

/** The part of a configuration that names encoders. */
interface Named {
  styles?: { encoders: readonly { encoder: string }[] } | undefined;
}

/**
 * Returns the settings with the names of runs and of registered encoders in `styles.encoders` replaced by the files of
 * their chosen encoders, as in a mix of `generate`. Paths, and `tuned`, the run's own encoder, stay.
 * @param folder where relative paths start
 * @throws InputError for an unknown name, and for a run that chose the original encoder
 * @example
 * ```ts
 * import { useStyleEncoders } from './api/encoders/style-encoders.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const settings = { styles: { encoders: [{ name: 'neon', encoder: 'neon@3', metric: 'style.neon' }] } };
 * const { styles } = await useStyleEncoders(new Home('.textcraftor'), settings, process.cwd());
 * console.log(styles.encoders[0]!.encoder);
 * ```
 */
export async function useStyleEncoders<T>(home: Home, settings: T, folder: string): Promise<T> {
  const { styles } = settings as Named;
  if (!Array.isArray(styles?.encoders)) return settings;
  const encoders: { encoder: string }[] = [];
  for (const each of styles.encoders) {
    const { encoder } = each;
    const isPath = encoder === OWN_ENCODER || existsSync(absolutePath(encoder, folder));
    const named = isPath ? undefined : await judged(home, encoder);
    encoders.push(named ? { ...each, encoder: named.chosen.textEncoder } : each);
  }
  return { ...settings, styles: { ...styles, encoders } };
}

/** Finds an encoder by its name. @throws InputError that names the key */
async function judged(home: Home, encoder: string): Promise<JudgedEncoder | undefined> {
  try {
    return await judgedEncoder(home, encoder);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`styles.encoders: ${error.message}`);
  }
}
