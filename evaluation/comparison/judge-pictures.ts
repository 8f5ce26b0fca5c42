import { product } from '../../common/product.ts';
import { scorePictures } from '../../world/known/score-pictures.ts';
import { float32, Program, type Tensors } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import { embedderAmong } from '../../rewards/diversity.ts';
import { rewardPrompts, type RewardPrompts } from '../../rewards/prompt-inputs.ts';
import type { LoadedReward } from '../../rewards/reward.ts';
import { requireFiniteScores, rewardWeights, scoreAll } from '../../rewards/total.ts';
import { HELD_OUT } from './metrics.ts';

/** Scores by metric, one value per picture; NaN if the oracle cannot judge it. */
export type PictureScores = Record<string, Float64Array>;

const EMBEDDING = 'picture.embedding';

/** Scores pictures by every reward and, if prompt and picture are of a known world, by its exact judge. */
export class Judge {
  readonly #readings: RewardPrompts;
  readonly #batch: number;
  readonly #shape: [number, number, number, number];
  readonly #program = new Program();
  /** Width of the embedding that tells the pictures of a prompt apart; 0 if no reward has one. */
  readonly embeddingWidth: number;

  /** @param size height and width of the pictures */
  constructor(rewards: readonly LoadedReward[], batch: number, size: number) {
    this.#readings = rewardPrompts(rewards);
    const { readers } = this.#readings;
    this.#batch = batch;
    this.#shape = [batch, size, size, 3];
    const embedder = embedderAmong(rewards, HELD_OUT);
    this.embeddingWidth = embedder?.embedding.width ?? 0;
    this.#program.entry('features', this.#readings.specs(batch), (inputs: Tensors, scope) =>
      this.#readings.features(scope.parameters('rewards'), inputs),
    );
    const features = Object.fromEntries(readers.map((r) => [featuresOf(r), float32(batch, r.featureSize)]));
    this.#program.entry('score', { image: float32(...this.#shape), ...features }, (inputs: Tensors, scope) => {
      const byName = Object.fromEntries(readers.map((r) => [r.name, inputs[featuresOf(r)]!]));
      const p = scope.parameters('rewards');
      const scores = scoreAll(rewards, p, inputs['image']!, byName);
      if (!embedder) return scores;
      return { ...scores, [EMBEDDING]: embedder.embedding.of(p, inputs['image']!, byName[embedder.name]) };
    });
    this.#program.compile();
    this.#program.load('rewards', rewardWeights(rewards));
  }

  /**
   * Computes the rewards' features of at most a batch of prompts, to score any number of arms; the caller disposes of
   * them.
   */
  promptFeatures(prompts: readonly string[]): Tensors {
    const filled = Array.from({ length: this.#batch }, (_, i) => prompts[Math.min(i, prompts.length - 1)]!);
    const inputs = this.#readings.of(filled);
    const features = this.#program.run('features', inputs);
    tf.dispose(inputs);
    return Object.fromEntries(this.#readings.readers.map((r) => [featuresOf(r), features[r.name]!]));
  }

  /**
   * @param pictures [prompts, H, W, 3] in [0, 1], one per prompt
   * @returns the scores, and the pictures' embeddings: [prompts, embeddingWidth]
   */
  score(
    pictures: Float32Array,
    prompts: readonly string[],
    features: Tensors,
  ): { scores: PictureScores; embeddings: Float32Array } {
    const filled = new Float32Array(product(this.#shape));
    filled.set(pictures);
    const image = tf.tensor4d(filled, this.#shape);
    const { [EMBEDDING]: embedding, ...outputs } = this.#program.run('score', { image, ...features });
    const scores: PictureScores = {};
    for (const [name, tensor] of Object.entries(outputs))
      scores[name] = Float64Array.from(tensor.dataSync().slice(0, prompts.length));
    const embeddings = (embedding?.dataSync() ?? new Float32Array(0)).slice(0, prompts.length * this.embeddingWidth);
    tf.dispose([image, ...Object.values(outputs), ...(embedding ? [embedding] : [])]);
    requireFiniteScores(scores, { prompts });
    const exact = scorePictures(this.#shape[1], pictures, prompts);
    return { scores: { ...scores, ...exact }, embeddings: embeddings as Float32Array };
  }

  dispose(): void {
    this.#program.dispose();
  }
}

const featuresOf = (reward: LoadedReward) => `features/${reward.name}`;
