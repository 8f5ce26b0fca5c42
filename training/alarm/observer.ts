import { scorePictures } from '../../world/known/score-pictures.ts';
import { float32, type Program, type Tensors } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import { embedderAmong } from '../../rewards/diversity.ts';
import { rewardPrompts, type RewardPrompts } from '../../rewards/prompt-inputs.ts';
import type { LoadedReward } from '../../rewards/reward.ts';
import { requireFiniteScores, rewardWeights, scoreAll } from '../../rewards/total.ts';
import { denoise } from '../generator/denoise.ts';
import type { Generator } from '../generator/generator.ts';
import type { TextToImage } from '../generator/text-to-image.ts';
import type { Rollout } from '../rollout/rollout-samples.ts';

/** Name of the held-out reward: it is measured and never trained on. */
export const HELD_OUT = 'heldOut';

const [EMBEDDING, PICTURE] = ['picture.embedding', 'picture'];

/** The measurements of a batch of pictures. */
export interface Observation {
  /** Scores by reward. In a known world also those of its exact judge, NaN for prompts of other kinds. */
  scores: Record<string, Float64Array>;
  /** [pictures, width], row-major; the width is 0 if no reward embeds pictures. */
  embeddings: Float32Array;
  width: number;
}

/**
 * Adds to a generator's program the entry point `observe`, which scores pictures of the same networks without gradient.
 * @param rewards the trained rewards and those that are only measured, loaded together
 */
export function withObservers(generator: TextToImage, rewards: readonly LoadedReward[]): Generator {
  const batch = generator.latents[0]!;
  const readings = rewardPrompts(rewards);
  const embedder = embedderAmong(rewards, HELD_OUT);
  const { source } = generator.networks['rewards']!;
  return {
    ...generator,
    networks: { ...generator.networks, rewards: { weights: rewardWeights(rewards), source } },
    record(program) {
      const inputs = { z: float32(...generator.latents), ...readings.specs(batch) };
      program.entry('observe', inputs, ({ z, ...inputs }: Tensors, scope) => {
        const p = scope.parameters('rewards');
        const features = readings.features(p, inputs);
        const picture = generator.decode(scope, z!);
        const scores = scoreAll(rewards, p, picture, features);
        const embedding = embedder?.embedding.of(p, picture, features[embedder.name]);
        return { ...scores, ...(embedding ? { [EMBEDDING]: embedding } : {}), [PICTURE]: picture };
      });
    },
  };
}

/** Generates pictures with a program's current networks and measures them. */
export class Observer {
  readonly #program: Program;
  readonly #generator: Generator;
  readonly #readings: RewardPrompts;

  /** @param generator made by {@link withObservers} */
  constructor(program: Program, generator: Generator, rewards: readonly LoadedReward[]) {
    this.#program = program;
    this.#generator = generator;
    this.#readings = rewardPrompts(rewards);
  }

  /** Pictures per batch. */
  get batch(): number {
    return this.#generator.latents[0]!;
  }

  /** Takes the last `steps` steps from the samples at `rows` of a rollout (a full batch) and measures the pictures. */
  observe(rollout: Rollout, rows: readonly number[], steps: number): Observation {
    const { prompts, latents } = rollout.batch(rows);
    const generator = this.#generator;
    let result: Observation;
    tf.tidy(() => {
      const c = this.#program.run('encode', generator.encodeInputs.of(prompts));
      const start = tf.tensor(latents, [...generator.latents]);
      result = this.measure(denoise(this.#program, start, generator.steps.slice(-steps), c), prompts);
    });
    return result!;
  }

  /** Measures pictures. @param z the latents after the last step, one for each prompt */
  measure(z: Tensors[string], prompts: readonly string[]): Observation {
    const {
      [EMBEDDING]: embedding,
      [PICTURE]: picture,
      ...found
    } = this.#program.run('observe', { z, ...this.#readings.of(prompts) });
    const scores: Observation['scores'] = {};
    for (const [name, tensor] of Object.entries(found)) scores[name] = Float64Array.from(tensor.dataSync());
    requireFiniteScores(scores, { prompts });
    Object.assign(scores, scorePictures(picture!.shape[1]!, picture!.dataSync() as Float32Array, prompts));
    const embeddings = (embedding?.dataSync() ?? new Float32Array(0)) as Float32Array;
    return { scores, embeddings: embeddings.slice(), width: embeddings.length / prompts.length };
  }
}
