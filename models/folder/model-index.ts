import { z } from 'zod';
import { withoutEffect } from './network-config.ts';
import { indexedScheduler } from '../sampling/scheduler-config.ts';

/** A part of a pipeline: its library and class. */
const part = (library: string, ...classes: string[]) =>
  z.tuple([z.literal(library), z.literal(classes)], `expected ["${library}", "${classes[0]}"]`);
const unused = withoutEffect('belongs to IP-Adapters, which are not loaded');
const checker = withoutEffect('pictures are not filtered: a reward has to see each of them');

/** model_index.json of diffusers' StableDiffusionPipeline: the class of each part. */
export const indexSchema = z.looseObject({
  _class_name: z.literal('StableDiffusionPipeline', 'expected "StableDiffusionPipeline"'),
  text_encoder: part('transformers', 'CLIPTextModel').optional(),
  tokenizer: part('transformers', 'CLIPTokenizer', 'CLIPTokenizerFast').optional(),
  unet: part('diffusers', 'UNet2DConditionModel').optional(),
  vae: part('diffusers', 'AutoencoderKL').optional(),
  scheduler: indexedScheduler,
  image_encoder: unused,
  feature_extractor: unused,
  safety_checker: checker,
  requires_safety_checker: checker,
});
