import { existsSync } from 'node:fs';
import { InputError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/home.ts';
import { versionFolders } from '../../pipeline/registry/folders.ts';
import { resolveVersion } from '../../pipeline/registry/reference.ts';
import { Registry } from '../../pipeline/registry/registry.ts';
import { encoderOfRun, type RunEncoder } from '../run/encoder.ts';

/** An encoder that a command was given: where it is, and for a registered one what is known of it. */
export interface NamedEncoder {
  /** A folder, or a safetensors file. */
  textEncoder: string;
  /** The UNet that was tuned with it. */
  unet?: string;
  /** Weight of its embeddings. */
  blend?: number;
  /** The diffusers folder that it was tuned for. */
  model?: string;
}

/** A registered encoder. @param reference such as `production` or `tiny@3` */
export async function registeredEncoder(home: Home, reference: string): Promise<NamedEncoder> {
  const version = await resolveVersion(new Registry(home), reference);
  const { encoder, model } = version;
  const { encoder: textEncoder, ...unet } = versionFolders(home, version);
  return { textEncoder, ...unet, blend: encoder.blend, ...(model === undefined ? {} : { model }) };
}

/** A path as it is; what is none, and looks like a reference, is looked up in the registry. */
export async function pathOrRegistered(home: Home, name: string): Promise<NamedEncoder> {
  const reference = /^[a-z0-9][a-z0-9-]*(@[a-z0-9-]+)?$/.test(name);
  return reference && !existsSync(name) ? registeredEncoder(home, name) : { textEncoder: name };
}

interface Source {
  /** Exactly one of these says which encoder. */
  run?: string | undefined;
  version?: string | undefined;
  textEncoder?: string | undefined;
  /** Needed with `textEncoder`. */
  model?: string | undefined;
  /** Networks that are exported with a tuned encoder, or without one. */
  unet?: string | undefined;
  lora?: string | undefined;
}

/** What is exported: the networks that are there take the place of the model's own. */
export type NetworksToExport = Required<Pick<NamedEncoder, 'model' | 'blend'>> & Partial<RunEncoder>;

/** The encoder that is meant, with its model and the blend that was chosen for it. @throws InputError when none, or several, are */
export async function encoderToExport(
  home: Home,
  { run, version, textEncoder, model, unet, lora }: Source,
): Promise<NetworksToExport> {
  const given = [run, version, textEncoder].filter((source) => source !== undefined).length;
  if (given === 0 && model !== undefined && (unet ?? lora) !== undefined) return { blend: 1, model };
  if (given !== 1)
    throw new InputError(
      'Say which encoder to export: a run (its id, or latest), --version, or --text-encoder, --unet or --lora with --model.',
    );
  if (run !== undefined) return encoderOfRun(home, run);
  const named = version === undefined ? { textEncoder: textEncoder! } : await registeredEncoder(home, version);
  const base = model ?? named.model;
  if (base === undefined)
    throw new InputError(
      `${version === undefined ? '--text-encoder' : `Version ${version}`} needs --model, the diffusers folder that the encoder was tuned for.`,
    );
  return { blend: 1, ...named, model: base };
}
