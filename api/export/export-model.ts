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

/** What can be written, and where in the exported folder it lies. */
const PATHS = { diffusers: 'diffusers', 'text-encoder': 'text_encoder.safetensors', onnx: 'onnx' } as const;
export type Format = keyof typeof PATHS;

/** What a text encoder's tensors are called in its own file: as in transformers, or as in a single-file checkpoint. */
const NAMINGS = { transformers: '', checkpoint: 'cond_stage_model.transformer.' } as const;
export type Naming = keyof typeof NAMINGS;

export interface ExportOptions {
  /** The diffusers folder that the encoder was tuned for. */
  model: string;
  /** The tuned encoder: a safetensors file, or a folder with one; the model's own when it is left out. */
  textEncoder?: string | undefined;
  /** A tuned UNet, likewise. */
  unet?: string | undefined;
  /** A LoRA file, which is merged into what it adapts. */
  lora?: string | undefined;
  /** Weight of the tuned encoder's weights, 1 - blend being that of the model's own. */
  blend: number;
  /** A folder that is not there yet, or empty. */
  out: string;
  formats: readonly Format[];
  dtype: 'float32' | 'float16';
  naming: Naming;
  /** README.md of the folder, and of the diffusers folder in it. */
  card: string;
}

/**
 * Writes the model with the tuned encoder in the formats that are asked for. In the end all of them are there, or none.
 * @returns the path of each
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

/** @throws InputError when there is something in the folder, or it is a file */
export async function requireEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new InputError(`Cannot write to ${folder}: ${error.code === 'ENOTDIR' ? 'it is a file' : reasonOf(error)}.`);
  });
  if (entries.length > 0)
    throw new InputError(`${folder} is not empty; what is written goes to a new folder. Choose another one for --out.`);
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
