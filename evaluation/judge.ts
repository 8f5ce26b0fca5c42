import { parse } from '../datasets/shapes/grammar.ts';
import { oracle } from '../datasets/shapes/oracle.ts';
import { pictureLength } from '../datasets/shapes/renderer.ts';
import { float32, int32, Program, type Tensors } from '../engine/program.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { LoadedReward } from '../rewards/reward.ts';
import { requireFiniteScores, rewardWeights, scoreAll } from '../rewards/total.ts';

/** Scores by metric, one value a picture; NaN where the oracle has no say. */
export type PictureScores = Record<string, Float64Array>;

/** Scores pictures by every reward and, where prompt and picture are of the shapes world, by the exact oracle. */
export class Judge {
  readonly #readers: readonly LoadedReward[];
  readonly #batch: number;
  readonly #shape: [number, number, number, number];
  readonly #program = new Program();

  /** @param size height and width of the pictures */
  constructor(rewards: readonly LoadedReward[], batch: number, size: number) {
    this.#readers = rewards.filter((reward) => reward.promptLength > 0);
    this.#batch = batch;
    this.#shape = [batch, size, size, 3];
    const ids = Object.fromEntries(this.#readers.map((r) => [r.name, int32(batch, r.promptLength)]));
    this.#program.entry('features', ids, (inputs: Tensors, scope) => {
      const p = scope.parameters('rewards');
      return Object.fromEntries(this.#readers.map((r) => [r.name, r.promptFeatures(p, inputs[r.name]!)]));
    });
    const features = Object.fromEntries(this.#readers.map((r) => [featuresOf(r), float32(batch, r.featureSize)]));
    this.#program.entry('score', { image: float32(...this.#shape), ...features }, (inputs: Tensors, scope) => {
      const byName = Object.fromEntries(this.#readers.map((r) => [r.name, inputs[featuresOf(r)]!]));
      return scoreAll(rewards, scope.parameters('rewards'), inputs['image']!, byName);
    });
    this.#program.compile();
    this.#program.load('rewards', rewardWeights(rewards));
  }

  /** What the rewards need of the prompts, at most a batch of them, to score any number of arms; the caller disposes of it. */
  promptFeatures(prompts: readonly string[]): Tensors {
    const filled = Array.from({ length: this.#batch }, (_, i) => prompts[Math.min(i, prompts.length - 1)]!);
    const ids = (r: LoadedReward) => tf.tensor2d(r.tokenize(filled), [this.#batch, r.promptLength], 'int32') as Tensor;
    const inputs = Object.fromEntries(this.#readers.map((r) => [r.name, ids(r)]));
    const features = this.#program.run('features', inputs);
    tf.dispose(inputs);
    return Object.fromEntries(this.#readers.map((r) => [featuresOf(r), features[r.name]!]));
  }

  /** @param pictures [prompts, H, W, 3] in [0, 1], a picture a prompt */
  score(pictures: Float32Array, prompts: readonly string[], features: Tensors): PictureScores {
    const filled = new Float32Array(this.#shape.reduce((a, b) => a * b));
    filled.set(pictures);
    const image = tf.tensor4d(filled, this.#shape);
    const outputs = this.#program.run('score', { image, ...features });
    const scores: PictureScores = {};
    for (const [name, tensor] of Object.entries(outputs))
      scores[name] = Float64Array.from(tensor.dataSync().slice(0, prompts.length));
    tf.dispose([image, ...Object.values(outputs)]);
    requireFiniteScores(scores, { prompts });
    const pixels = pictures.length / prompts.length;
    scores['oracle'] = Float64Array.from(prompts, (prompt, i) =>
      exactScore(pictures.slice(i * pixels, (i + 1) * pixels), prompt),
    );
    return scores;
  }

  dispose(): void {
    this.#program.dispose();
  }
}

const featuresOf = (reward: LoadedReward) => `features/${reward.name}`;

/** 1 when the picture shows all that the prompt names, else 0; NaN for prompts and pictures that are not of the shapes world. */
function exactScore(picture: Float32Array, prompt: string): number {
  const asked = picture.length === pictureLength ? parse(prompt) : undefined;
  return asked ? oracle(picture, asked).strict : NaN;
}
