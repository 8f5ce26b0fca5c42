import { tf } from '../engine/tensorflow.ts';
import { medEmbeddings, medEncoder } from '../models/blip/blip-text.ts';
import { blipVision } from '../models/blip/blip-vision.ts';
import { CLIP_MEAN, CLIP_STD } from '../models/clip/clip-config.ts';
import { aestheticHead } from './aesthetic.ts';
import { IMAGE_REWARD_LENGTH as LENGTH, readImageReward } from './files/image-reward-files.ts';
import { preprocess } from './preprocess.ts';
import type { RewardType } from './reward-type.ts';

/** Statistics of the raw scores on ImageReward's own data: published scores have mean 0 and deviation 1. */
const MEAN = 0.16717362830052426;
const STD = 1.0333394966054072;
/**
 * ImageReward (Xu et al. 2023, arXiv 2304.05977): BLIP's text encoder reads the prompt with cross-attention to the
 * picture, and a head of linear layers turns the state of the first token into a score. The model is the published
 * ImageReward.pt, or a folder with it and med_config.json; `tokenizer` is bert-base-uncased's vocab.txt if the folder
 * has none.
 */
export const imageReward: RewardType = {
  async load(spec) {
    const { weights: all, med, vision, head, tokenizer } = await readImageReward(spec);
    const width = med.hidden_size;
    const isUsed = (name: string) => /^(blip\.(visual_encoder|text_encoder)|mlp)\./.test(name);
    return {
      weights: new Map([...all].filter(([name]) => isUsed(name)).map(([name, t]) => [`${spec.name}.${name}`, t])),
      promptLength: LENGTH,
      featureSize: LENGTH * (width + 1),
      tokenize: (prompts) => tokenizer.batch(prompts, LENGTH),
      // The embedded tokens, and which of them are not padding.
      promptFeatures: (p, ids) => {
        const text = p.at(spec.name).at('blip.text_encoder');
        const mask = tf.notEqual(ids, tf.scalar(tokenizer.padId, 'int32')).toFloat();
        return tf.concat([medEmbeddings(text.at('embeddings'), med, ids).reshape([-1, LENGTH * width]), mask], 1);
      },
      scoreWithFeatures: (p, image, features) => {
        const batch = image.shape[0]!;
        const blip = p.at(spec.name).at('blip');
        const [words, mask] = tf.split(features!, [LENGTH * width, LENGTH], 1) as [typeof image, typeof image];
        const pixels = preprocess(image, { size: vision.image_size, fit: 'crop', mean: CLIP_MEAN, std: CLIP_STD });
        const seen = blipVision(blip.at('visual_encoder'), vision, pixels);
        const tokens = words.reshape([batch, LENGTH, width]);
        const states = medEncoder(blip.at('text_encoder.encoder'), med, tokens, mask, seen);
        const first = states.slice([0, 0, 0], [batch, 1, width]).reshape([batch, width]);
        return aestheticHead(p.at(spec.name).at('mlp'), head, first).sub(MEAN).div(STD);
      },
    };
  },
};
