import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256File, writeFileAtomic } from '../../common/files.ts';
import { writeSafetensors } from '../../engine/weights/safetensors.ts';
import { writeWeights, type Weights } from '../../engine/weights/weights.ts';
import { ClipTokenizer } from '../../models/clip/tokenizer/tokenizer.ts';
import { readTrained, type WorldBuild } from './step-files.ts';
import { vocabularyOf } from './step-materials.ts';
import { autoencoderStep, type Recipe, type TrainingStep } from './recipes/recipe.ts';
import { part } from './prefixed-weights.ts';

/** Writes the world's folders, in float16, from the files of all steps, and a manifest with their digests. */
export async function assembleWorld<S>(
  world: string,
  { world: { recipe }, work, tokenizer }: WorldBuild<S>,
): Promise<void> {
  const load = (step: TrainingStep) => readTrained(work, step);
  const folder = new WorldFolder(world);
  const config = recipe.clip(vocabularyOf(await ClipTokenizer.load(tokenizer)));
  await writeBase(folder, recipe, config, load);
  for (const [name, unet, step] of [
    ['second', recipe.second, 'second'],
    ['second-inpainting', recipe.inpainting, 'inpainting'],
    ['second-control', recipe.control, 'control'],
  ] as const) {
    await folder.json(`${name}/config.json`, unet);
    await folder.weights(`${name}/diffusion_pytorch_model.safetensors`, await load(step));
  }
  await writeRewards(folder, recipe, config, tokenizer, load);
  await folder.manifest();
}

type Load = (step: TrainingStep) => Promise<Weights>;
type ClipConfigs = ReturnType<Recipe['clip']>;

/** Writes the base model, a diffusers folder; its tokenizer is there already. */
async function writeBase(folder: WorldFolder, recipe: Recipe, config: ClipConfigs, load: Load): Promise<void> {
  const base = await load('unet');
  await folder.json('base/model_index.json', {
    _class_name: 'StableDiffusionPipeline',
    scheduler: ['diffusers', 'DDIMScheduler'],
    text_encoder: ['transformers', 'CLIPTextModel'],
    tokenizer: ['transformers', 'CLIPTokenizer'],
    unet: ['diffusers', 'UNet2DConditionModel'],
    vae: ['diffusers', 'AutoencoderKL'],
    safety_checker: [null, null],
    feature_extractor: [null, null],
    requires_safety_checker: false,
  });
  await folder.json('base/scheduler/scheduler_config.json', recipe.scheduler);
  await folder.json('base/text_encoder/config.json', { architectures: ['CLIPTextModel'], ...config.text_config });
  await folder.weights('base/text_encoder/model.safetensors', part(base, 'text.'));
  await folder.json('base/unet/config.json', recipe.unet);
  await folder.weights('base/unet/diffusion_pytorch_model.safetensors', part(base, 'unet.'));
  await folder.json('base/vae/config.json', recipe.vae);
  await folder.weights('base/vae/diffusion_pytorch_model.safetensors', await load(autoencoderStep(recipe)));
}

/** Writes the reward models, each with its tokenizer. */
async function writeRewards(
  folder: WorldFolder,
  recipe: Recipe,
  config: ClipConfigs,
  tokenizer: string,
  load: Load,
): Promise<void> {
  const aesthetic = await load('aesthetic');
  for (const [name, model] of [
    ['clip', await load('clip')],
    ['preference', await load('preference')],
    ['aesthetic', part(aesthetic, 'clip.')],
  ] as const) {
    await folder.json(`${name}/config.json`, config);
    await folder.weights(`${name}/model.safetensors`, model);
    await folder.copyTokenizer(tokenizer, name);
  }
  const head = Object.fromEntries(
    [...part(aesthetic, 'head.')].map(([name, tensor]) => [name, { dtype: 'F16' as const, ...tensor }]),
  );
  await writeSafetensors(folder.path('aesthetic/head.safetensors'), head, { bounded: 'true' });
  await folder.json('held-out/config.json', recipe.heldOut(vocabularyOf(await ClipTokenizer.load(tokenizer))));
  await folder.weights('held-out/model.safetensors', await load('heldOut'));
  await folder.copyTokenizer(tokenizer, 'held-out');
}

/** Writes a world's files by their paths in its folder. */
class WorldFolder {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  path(name: string): string {
    return join(this.#root, name);
  }

  async json(name: string, value: unknown): Promise<void> {
    await writeFileAtomic(this.path(name), `${JSON.stringify(value, null, 2)}\n`);
  }

  async weights(name: string, tensors: Weights): Promise<void> {
    await mkdir(dirname(this.path(name)), { recursive: true });
    await writeWeights(this.path(name), tensors, 'F16');
  }

  async copyTokenizer(from: string, to: string): Promise<void> {
    for (const file of await readdir(from)) await copyFile(join(from, file), join(this.path(to), file));
  }

  /** Writes the digests of all files. */
  async manifest(): Promise<void> {
    const files = (await readdir(this.#root, { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isFile() && entry.name !== 'manifest.json',
    );
    const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
    const digests = paths.map(async (path) => [path.slice(this.#root.length + 1), await sha256File(path)] as const);
    await this.json('manifest.json', Object.fromEntries(await Promise.all(digests)));
  }
}
