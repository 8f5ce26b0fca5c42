import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256File, writeFileAtomic } from '../../common/files.ts';
import { writeSafetensors } from '../../engine/weights/safetensors.ts';
import { writeWeights, type Weights } from '../../engine/weights/weights.ts';
import { ClipTokenizer } from '../../models/clip/tokenizer/tokenizer.ts';
import { readTrained, type WorldBuild } from './step-files.ts';
import { vocabularyOf } from './training-steps.ts';
import { autoencoderStep, type TrainingStep } from './recipes/recipe.ts';
import { part } from './prefixed-weights.ts';

/** Writes the world's folders, in float16, from the files of all steps, and a manifest with their digests. */
export async function assembleWorld<S>(
  world: string,
  { world: { recipe }, work, tokenizer: tokenizerFolder }: WorldBuild<S>,
): Promise<void> {
  const load = (step: TrainingStep) => readTrained(work, step);
  const vocabulary = vocabularyOf(await ClipTokenizer.load(tokenizerFolder));
  const config = recipe.clip(vocabulary);
  const json = (path: string, value: unknown) =>
    writeFileAtomic(join(world, path), `${JSON.stringify(value, null, 2)}\n`);
  const weights = async (path: string, tensors: Weights) => {
    await mkdir(join(world, path, '..'), { recursive: true });
    await writeWeights(join(world, path), tensors, 'F16');
  };
  const base = await load('unet');
  await json('base/model_index.json', {
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
  await json('base/scheduler/scheduler_config.json', recipe.scheduler);
  await json('base/text_encoder/config.json', { architectures: ['CLIPTextModel'], ...config.text_config });
  await weights('base/text_encoder/model.safetensors', part(base, 'text.'));
  await json('base/unet/config.json', recipe.unet);
  await weights('base/unet/diffusion_pytorch_model.safetensors', part(base, 'unet.'));
  for (const [folder, unet, step] of [
    ['second', recipe.second, 'second'],
    ['second-inpainting', recipe.inpainting, 'inpainting'],
    ['second-control', recipe.control, 'control'],
  ] as const) {
    await json(`${folder}/config.json`, unet);
    await weights(`${folder}/diffusion_pytorch_model.safetensors`, await load(step));
  }
  await json('base/vae/config.json', recipe.vae);
  await weights('base/vae/diffusion_pytorch_model.safetensors', await load(autoencoderStep(recipe)));
  const aesthetic = await load('aesthetic');
  for (const [folder, model] of [
    ['clip', await load('clip')],
    ['preference', await load('preference')],
    ['aesthetic', part(aesthetic, 'clip.')],
  ] as const) {
    await json(`${folder}/config.json`, config);
    await weights(`${folder}/model.safetensors`, model);
    await copyTokenizer(tokenizerFolder, join(world, folder));
  }
  const head = Object.fromEntries(
    [...part(aesthetic, 'head.')].map(([name, tensor]) => [name, { dtype: 'F16' as const, ...tensor }]),
  );
  await writeSafetensors(join(world, 'aesthetic/head.safetensors'), head, { bounded: 'true' });
  await json('held-out/config.json', recipe.heldOut(vocabulary));
  await weights('held-out/model.safetensors', await load('heldOut'));
  await copyTokenizer(tokenizerFolder, join(world, 'held-out'));
  const files = (await readdir(world, { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile() && entry.name !== 'manifest.json',
  );
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  await json(
    'manifest.json',
    Object.fromEntries(
      await Promise.all(paths.map(async (path) => [path.slice(world.length + 1), await sha256File(path)])),
    ),
  );
}

async function copyTokenizer(from: string, to: string): Promise<void> {
  for (const file of await readdir(from)) await copyFile(join(from, file), join(to, file));
}
