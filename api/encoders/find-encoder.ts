import type { JudgedEncoder } from './judged-encoder.ts';
import { existsSync } from 'node:fs';
import { InputError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { encoderOfVersion } from './registered-encoder.ts';
import { encoderOfRun } from './run-encoder.ts';

/**
 * The encoder that a run chose or that is registered: `latest`, a run's id, `NAME@NUMBER`, `NAME@ALIAS`, `production` ...
 * @returns undefined for a path
 * @throws InputError for a name that leads nowhere, and where the original encoder was chosen
 */
export async function judgedEncoder(home: Home, name: string): Promise<JudgedEncoder | undefined> {
  if (!isName(name) || existsSync(name)) return undefined;
  return find(home, name, 'file, folder or run');
}

/** Likewise where no path is expected. */
export async function encoderNamed(home: Home, name: string): Promise<JudgedEncoder> {
  if (!isName(name))
    throw new InputError(`"${name}" is no run (its id, or latest) nor a registered encoder (tiny@3, production).`);
  return find(home, name, 'run');
}

const isName = (text: string): boolean => /^[a-z0-9][a-z0-9-]*(@[a-z0-9-]+)?$/.test(text);

/** @param kinds what else the name could have been of */
async function find(home: Home, name: string, kinds: string): Promise<JudgedEncoder> {
  if (name === 'latest' || new RunRecords(home).has(name)) return encoderOfRun(home, name);
  return encoderOfVersion(home, name).catch((error: unknown) => {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`There is no ${kinds} "${name}", nor a registered encoder: ${error.message}`);
  });
}

/** The UNet that is meant by a path or by the name of a judged encoder. @throws InputError where that has no tuned one */
export async function namedUnet(home: Home, name: string): Promise<{ path: string; model?: string | undefined }> {
  const named = await judgedEncoder(home, name);
  if (!named) return { path: name };
  const { chosen, label, model } = named;
  if (chosen.unet === undefined) throw new InputError(`No tuned UNet was chosen in ${label}; leave out --unet.`);
  return { path: chosen.unet, model };
}
