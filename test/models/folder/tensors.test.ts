import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tf } from '../../../engine/tensorflow.ts';
import { medEmbeddings, medEncoder } from '../../../models/blip/blip-text.ts';
import { blipVisionTensors, medTensors } from '../../../models/blip/blip-tensors.ts';
import { blipVision } from '../../../models/blip/blip-vision.ts';
import { medSchema } from '../../../models/blip/blip-config.ts';
import { imageFeatures, textFeatures } from '../../../models/clip/clip.ts';
import { clipSchema } from '../../../models/clip/clip-config.ts';
import { imageFeatureTensors, textFeatureTensors } from '../../../models/clip/clip-tensors.ts';
import { requireTensors, type ExpectedTensor } from '../../../models/folder/expected-tensors.ts';
import { unetSchema } from '../../../models/unet/unet-config.ts';
import { unetTensors } from '../../../models/unet/unet-tensors.ts';
import { unet2dCondition } from '../../../models/unet/unet.ts';
import { vaeSchema } from '../../../models/vae/vae-config.ts';
import { vaeDecoderTensors, vaeEncoderTensors } from '../../../models/vae/vae-tensors.ts';
import { vaeDecode, vaeEncode } from '../../../models/vae/vae.ts';
import { filmCnnTensors } from '../../../rewards/files/film-cnn-files.ts';
import { filmCnn } from '../../../rewards/film-cnn.ts';
import { filmCnnConfig } from '../../rewards/small-film-cnn.ts';
import { shapesOf } from '../../rewards/small-clip.ts';

const golden = (...path: string[]): object =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../golden', ...path), 'utf8')) as object;
/** Under the names of a network, so that both sides compare. */
const sorted = (tensors: Iterable<ExpectedTensor>) =>
  Object.fromEntries([...tensors].map(([n, shape]) => [n, [...shape]]).sort());
const all = <T>(...parts: T[]): T[] => parts;

describe('the tensors expected in a file are those that the network reads', () => {
  const clip = clipSchema.parse({
    projection_dim: 12,
    text_config: {
      hidden_size: 16,
      intermediate_size: 24,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      vocab_size: 50,
      max_position_embeddings: 20,
    },
    vision_config: {
      hidden_size: 20,
      intermediate_size: 28,
      num_hidden_layers: 3,
      num_attention_heads: 2,
      image_size: 9,
      patch_size: 4,
    },
  });

  it('of CLIP', () => {
    const ids = tf.zeros([1, 20], 'int32');
    const pixels = tf.zeros([1, 9, 9, 3]);
    expect(sorted(textFeatureTensors(clip))).toEqual(sorted(shapesOf((p) => textFeatures(p, clip, ids))));
    expect(sorted(imageFeatureTensors(clip))).toEqual(sorted(shapesOf((p) => imageFeatures(p, clip, pixels))));
  });

  it.each(['unet-variant', 'unet-stable-diffusion', 'pipeline/unet'])('of the UNet of %s', (name) => {
    const config = unetSchema.parse(golden(name, 'config.json'));
    const width = [config.cross_attention_dim].flat()[0]!;
    const read = shapesOf((p) =>
      unet2dCondition(p, config, {
        sample: tf.zeros([1, config.sample_size, config.sample_size, config.in_channels]),
        timestep: tf.zeros([1]),
        context: tf.zeros([1, 3, width]),
      }),
    );
    expect(sorted(unetTensors(config))).toEqual(sorted(read));
  });

  it.each(['vae-variant', 'vae-stable-diffusion', 'pipeline/vae'])('of the VAE of %s', (name) => {
    const config = vaeSchema.parse(golden(name, 'config.json'));
    const decode = shapesOf((p) => vaeDecode(p, config, tf.zeros([1, 4, 4, config.latent_channels])));
    const encode = shapesOf((p) => vaeEncode(p, config, tf.zeros([1, 32, 32, config.in_channels])).mean);
    expect(sorted(vaeDecoderTensors(config))).toEqual(sorted(decode));
    expect(sorted(vaeEncoderTensors(config))).toEqual(sorted(encode));
  });

  it('of a film-cnn reward', () => {
    const { image_size: size, max_tokens: length } = filmCnnConfig;
    const read = shapesOf((p) =>
      filmCnn(p, filmCnnConfig, tf.zeros([1, size, size, 3]), tf.zeros([1, length], 'int32')),
    );
    expect(sorted(filmCnnTensors(filmCnnConfig))).toEqual(sorted(read));
  });

  it('of ImageReward', () => {
    const med = medSchema.parse({
      hidden_size: 8,
      intermediate_size: 12,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      max_position_embeddings: 40,
      vocab_size: 30,
    });
    const vision = {
      hidden_size: 64,
      intermediate_size: 20,
      num_hidden_layers: 2,
      num_attention_heads: 1,
      image_size: 8,
      patch_size: 4,
    };
    const read = shapesOf((p) => {
      const seen = blipVision(p.at('v'), vision, tf.zeros([1, 8, 8, 3]));
      const tokens = medEmbeddings(p.at('t.embeddings'), med, tf.zeros([1, 35], 'int32'));
      return medEncoder(p.at('t.encoder'), med, tokens, tf.ones([1, 35]), seen);
    });
    expect(sorted(all(...blipVisionTensors('v', vision), ...medTensors('t', med, 64)))).toEqual(sorted(read));
  });
});

describe('absurd sizes', () => {
  const unet = golden('unet-variant', 'config.json');
  const vae = golden('vae-variant', 'config.json');
  const few = new Map([
    ['text_model.embeddings.token_embedding.weight', { shape: [50, 16], data: new Float32Array() }],
  ]);

  it.each([
    ['layers of a UNet', () => unetTensors(unetSchema.parse({ ...unet, layers_per_block: 1e9 }))],
    ['transformers of a UNet', () => unetTensors(unetSchema.parse({ ...unet, transformer_layers_per_block: 1e9 }))],
    ['layers of a VAE', () => vaeDecoderTensors(vaeSchema.parse({ ...vae, layers_per_block: 1e9 }))],
    ['words', () => textFeatureTensors(clipSchema.parse({ text_config: { vocab_size: 1e9 } }))],
    ['layers of CLIP', () => textFeatureTensors(clipSchema.parse({ text_config: { num_hidden_layers: 1e9 } }))],
  ])('%s are refused by the header, at once', (_, expected) => {
    expect(() => requireTensors(few, expected(), 'model.safetensors')).toThrow(
      expect.objectContaining({ name: 'InputError', message: expect.stringMatching(/^Tensor .* model\.safetensors/) }),
    );
  });

  it('are refused by the configuration where no tensor would show them', () => {
    expect(unetSchema.safeParse({ ...unet, sample_size: 1e9 }).success).toBe(false);
  });
});
