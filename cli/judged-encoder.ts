import { existsSync } from 'node:fs';
import { InputError } from '../common/errors.ts';
import type { NamedComparison } from '../evaluation/report/data.ts';
import type { Measured } from '../evaluation/stages/register.ts';
import type { Home } from '../pipeline/home.ts';
import { RunRecords } from '../pipeline/runs.ts';
import { encoderOfVersion } from './registry/encoder.ts';
import { encoderOfRun } from './run/encoder.ts';

/** A tuned encoder that was chosen on validation prompts, in the two forms in which it was judged. */
export interface JudgedEncoder {
  /** What it is called: `run tiny-20261124-030000`, `tiny@3`. */
  label: string;
  /** The diffusers folder that it was tuned for. */
  model?: string;
  /** The tuned encoder, of whose embeddings `blend` is taken in the last K steps; a UNet takes these, where one was tuned. */
  chosen: { textEncoder: string; step: number; blend: number; unet?: string; unetStep?: number };
  /**
   * What is handed out: one encoder, with `weight` of the tuned one's weights, and the UNet, in all steps. Undefined when
   * no weight was better than the original.
   */
  exported?: { textEncoder: string; step: number; weight: number; unet?: string; unetStep?: number };
  /** Both arms against the base, and one against the other, on test prompts; empty before the evaluation. */
  comparisons: NamedComparison[];
  /** How; unknown of a version whose pipeline made no pictures. */
  measured?: Measured;
}

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
