import { RandomStream } from '../../../common/random.ts';
import { qualityOf, type Degradation, type Tier } from '../common/degradation.ts';
import { draw } from '../common/draw.ts';
import { caption, styleWords, type StyleWord } from './grammar.ts';
import { pictureSize, render } from './renderer.ts';
import { attributeNames, combinations, scenesOf, type Scene } from './scene.ts';
import { randomDegradation } from './tiers.ts';
import { randomJitter } from '../common/jitter.ts';

/** A picture with its caption and ground truth. */
interface Example {
  /** [32, 32, 3], HWC, in [0, 1]. */
  readonly image: Float32Array;
  readonly caption: string;
  /** The picture's actual content, whatever the caption says. */
  readonly scene: Scene;
  readonly degradation: Degradation;
  /** In [0, 1]. */
  readonly quality: number;
}

export interface WebExample extends Example {
  readonly tier: Tier;
  /** Whether the caption contradicts the picture. */
  readonly wrong: boolean;
}

/** Shares of the quality tiers. */
const tiers: readonly (readonly [Tier, number])[] = [
  ['good', 0.3],
  ['medium', 0.35],
  ['dull', 0.35],
];
export const wrongShare = 0.22;
/** Probability that a caption omits an attribute. */
const dropShare = 0.08;
const styleShare = 0.35;
/** Probability that a style word matches the picture's quality: loosely right, as on the web. */
const styleTruth = 0.75;

/**
 * Returns example `index` of the base model's training data: a picture of a training combination in one of three quality
 * tiers, with a caption that is wrong in 22 % of cases, may omit attributes and may have style words.
 */
export function webExample(index: number, seed: number): WebExample {
  const stream = new RandomStream(seed, 'web-like example', index);
  const scene = stream.choice(scenesOf('train'));
  const tier = draw(stream, tiers);
  const degradation = randomDegradation(stream, tier);
  const wrong = stream.uniform() < wrongShare;
  const said: Partial<Scene> = { ...(wrong ? combinations.wrong(scene, stream) : scene) };
  for (const name of attributeNames) {
    // Keep the attribute that makes the caption wrong.
    if (stream.uniform() < dropShare && said[name] === scene[name]) delete said[name];
  }
  return {
    image: render(scene, { jitter: randomJitter(stream), degradation, stream }),
    caption: caption(said, stream, randomStyle(tier, stream)),
    scene,
    degradation,
    quality: qualityOf(degradation, pictureSize),
    tier,
    wrong,
  };
}

function randomStyle(tier: Tier, stream: RandomStream): StyleWord[] {
  if (stream.uniform() >= styleShare) return [];
  const fits = stream.uniform() < styleTruth;
  const kind =
    tier === 'medium' ? stream.choice(['good', 'bad'] as const) : (tier === 'good') === fits ? 'good' : 'bad';
  const first = stream.choice(styleWords[kind]);
  const second = stream.choice(styleWords[kind]);
  return stream.uniform() < 0.3 && second !== first ? [first, second] : [first];
}
