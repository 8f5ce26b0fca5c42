import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { writeFileAtomic } from '../../common/files.ts';
import { writeWeights, type Weights } from '../../engine/weights/weights.ts';
import { interpolateWeights } from '../../models/interpolate.ts';
import { saveOnnxPipeline } from '../../models/onnx-networks.ts';
import { loadPipeline, savePipeline, type LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import type { NetworkWeights } from '../../models/pipeline-program.ts';
import { tunedNetworks } from '../tuned-networks.ts';
import { reasonOf } from '../../common/text/reason.ts';

/** The formats, and the path of each in the exported folder. */
const PATHS = { diffusers: 'diffusers', 'text-encoder': 'text_encoder.safetensors', onnx: 'onnx' } as const;
export type Format = keyof typeof PATHS;

/** Prefix of the tensor names in the encoder's own file: as in transformers, or as in a single-file checkpoint. */
const NAMINGS = { transformers: '', checkpoint: 'cond_stage_model.transformer.' } as const;
export type Naming = keyof typeof NAMINGS;

export interface ExportOptions {
  /** The diffusers folder that the encoder was tuned for. */
  model: string;
  /** The tuned encoder: a safetensors file, or a folder with one. Default: the model's own. */
  textEncoder?: string | undefined;
  /** A tuned UNet, in the same forms. */
  unet?: string | undefined;
  /** A LoRA file, merged into the networks that it adapts. */
  lora?: string | undefined;
  /** Share of the tuned encoder's weights, 0 to 1; the model's own weights get 1 - blend. */
  blend: number;
  /** A new or empty folder. */
  out: string;
  formats: readonly Format[];
  dtype: 'float32' | 'float16';
  naming: Naming;
  /** Text of README.md, for this folder and the diffusers folder in it. */
  card: string;
}

/**
 * Writes the model with the tuned encoder in the requested formats: all of them, or none if it fails.
 * @returns the path of each format
 * @throws InputError when `out` is not empty or a network does not fit the model
 * @example
 * ```ts
 * import { exportModel } from './api/export/export-model.ts';
 *
 * const paths = await exportModel({
 *   model: 'models/sd15',
 *   textEncoder: 'tuned/text_encoder',
 *   blend: 0.75,
 *   out: 'exported',
 *   formats: ['diffusers', 'onnx'],
 *   dtype: 'float16',
 *   naming: 'transformers',
 *   card: '# Stable Diffusion with a tuned text encoder',
 * });
 * console.log(paths.diffusers);
 * ```
 */
export async function exportModel(options: ExportOptions): Promise<Partial<Record<Format, string>>> {
  const out = resolve(options.out);
  await requireEmpty(out);
  const pipeline = await loadPipeline(options.model);
  const { encoder, unet } = await tunedNetworks(pipeline, options);
  const { weights } = pipeline;
  const fitted = (name: 'textEncoder' | 'unet', network: NetworkWeights | undefined, share: number): Weights =>
    network ? interpolateWeights(network, weights[name], share, options.model) : weights[name];
  const tuned = {
    ...pipeline,
    weights: {
      ...weights,
      textEncoder: fitted('textEncoder', encoder, options.blend),
      unet: fitted('unet', unet, 1),
    },
  };
  const draft = join(dirname(out), `.${basename(out)}.${randomUUID()}.tmp`);
  try {
    await mkdir(draft, { recursive: true });
    for (const format of options.formats) await writers[format](join(draft, PATHS[format]), tuned, options);
    const cards = ['', ...(options.formats.includes('diffusers') ? [PATHS.diffusers] : [])];
    for (const folder of cards) await writeFileAtomic(join(draft, folder, 'README.md'), options.card);
    await rename(draft, out);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  return Object.fromEntries(options.formats.map((format) => [format, join(out, PATHS[format])]));
}

/**
 * Checks that nothing would be overwritten.
 * @throws InputError when the folder is not empty, or is a file
 * @example
 * ```ts
 * import { requireEmpty } from './api/export/export-model.ts';
 *
 * await requireEmpty('exported');
 * ```
 */
export async function requireEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new InputError(`Cannot write to ${folder}: ${error.code === 'ENOTDIR' ? 'it is a file' : reasonOf(error)}.`);
  });
  if (entries.length > 0) throw new InputError(`${folder} is not empty; choose a new folder for --out.`);
}

type Writer = (path: string, pipeline: LoadedPipeline, options: ExportOptions) => Promise<void>;

const storage = (dtype: ExportOptions['dtype']) => (dtype === 'float16' ? 'F16' : 'F32');

const writers: Readonly<Record<Format, Writer>> = {
  diffusers: (path, pipeline, { dtype }) =>
    savePipeline(path, pipeline, { tokenizer: join(pipeline.folder, 'tokenizer'), dtype: storage(dtype) }),

  'text-encoder': (path, { weights }, { dtype, naming }) => {
    const named = [...weights.textEncoder].map(([name, tensor]) => [NAMINGS[naming] + name, tensor] as const);
    return writeWeights(path, new Map(named), storage(dtype));
  },

  onnx: (path, pipeline, { dtype }) => saveOnnxPipeline(path, pipeline, dtype),
};
