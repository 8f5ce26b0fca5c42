import type { JudgedEncoder } from './judged-encoder.ts';
import { existsSync } from 'node:fs';
import { InputError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { encoderOfVersion } from './registered-encoder.ts';
import { encoderOfRun } from './run-encoder.ts';

/**
 * Finds the encoder that a run chose or that is registered: `latest`, a run's id, `NAME@NUMBER`, `NAME@ALIAS`,
 * `production` ...
 * @returns undefined for a path
 * @throws InputError when the name is unknown, and when the original encoder was chosen
 * @example
 * ```ts
 * import { judgedEncoder } from './api/encoders/find-encoder.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const encoder = await judgedEncoder(new Home('.textcraftor'), 'production');
 * if (encoder) console.log(encoder.label, encoder.chosen.textEncoder);
 * ```
 */
export async function judgedEncoder(home: Home, name: string): Promise<JudgedEncoder | undefined> {
  if (!isName(name) || existsSync(name)) return undefined;
  return find(home, name, 'file, folder or run');
}

/**
 * Finds the same where a path is not allowed.
 * @throws InputError as {@link judgedEncoder} does, and for a path
 * @example
 * ```ts
 * import { encoderNamed } from './api/encoders/find-encoder.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { label, comparisons } = await encoderNamed(new Home('.textcraftor'), 'tiny@3');
 * console.log(label, comparisons.map(({ arm }) => arm));
 * ```
 */
export async function encoderNamed(home: Home, name: string): Promise<JudgedEncoder> {
  if (!isName(name))
    throw new InputError(
      `"${name}" is neither a run (its id, or latest) nor a registered encoder (tiny@3, production).`,
    );
  return find(home, name, 'run');
}

const isName = (text: string): boolean => /^[a-z0-9][a-z0-9-]*(@[a-z0-9-]+)?$/.test(text);

/** @param kinds what else the name could have referred to */
async function find(home: Home, name: string, kinds: string): Promise<JudgedEncoder> {
  const records = new RunRecords(home);
  if (name === 'latest' || records.has(name)) return encoderOfRun(home, name);
  return encoderOfVersion(home, name).catch(async (error: unknown) => {
    if (!(error instanceof InputError)) throw error;
    if ((await records.matching(name)).length > 0) return encoderOfRun(home, name);
    throw new InputError(`There is no ${kinds} "${name}", and no registered encoder: ${error.message}`);
  });
}

/**
 * Finds the UNet behind a path or the name of a judged encoder.
 * @throws InputError when that encoder has no tuned UNet
 * @example
 * ```ts
 * import { namedUnet } from './api/encoders/find-encoder.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { path } = await namedUnet(new Home('.textcraftor'), 'production');
 * ```
 */
export async function namedUnet(home: Home, name: string): Promise<{ path: string; model?: string | undefined }> {
  const named = await judgedEncoder(home, name);
  if (!named) return { path: name };
  const { chosen, label, model } = named;
  if (chosen.unet === undefined) throw new InputError(`No tuned UNet was chosen in ${label}; leave out --unet.`);
  return { path: chosen.unet, model };
}
