import type { RandomStream } from '../../common/random.ts';
import type { Split } from '../scenes/common/combinations.ts';
import type { SourceName } from '../scenes/common/world-names.ts';

export interface WorldPrompt {
  readonly prompt: string;
  readonly split: Split;
}

export interface WorldBenchmarkPrompt {
  readonly prompt: string;
  /** The requested shape; of several objects, how they are asked for: their relation or their count. */
  readonly category: string;
  /** `plain`, the canonical caption, or `rephrased`: other words in another order. */
  readonly challenge: 'plain' | 'rephrased';
}

/**
 * An embedded world, or a tier of one: what its prompts are, what each asks for, and what a picture shows. A prompt of the world is one that
 * its grammar parses. Pictures are [side, side, 3], HWC, in [0, 1].
 */
export interface KnownWorld {
  readonly name: SourceName;
  /** Side of a picture, in pixels; no two worlds have the same, but a world's tiers do. */
  readonly side: number;
  /** Names of the exact judge's scores. */
  readonly metrics: readonly string[];
  /**
   * Returns the world's distinct prompts: all attributes, no style or quality words, each combination in the split of its
   * hash. A training combination has three phrasings, any other the canonical one.
   */
  prompts(): WorldPrompt[];
  /** Returns caption `index` of web-like data, such as a base model learns from. */
  webCaption(index: number): string;
  /**
   * Returns the world's own benchmark: every combination held out for testing, once with the canonical caption and once
   * rephrased. No prompt occurs twice, and none describes a training combination.
   */
  benchmark(): WorldBenchmarkPrompt[];
  /** Returns whether this is a prompt of the world, in any of its tiers. */
  knows(prompt: string): boolean;
  /**
   * Says the same in a random phrasing with random synonyms; quality words stay. `undefined` for what is not a prompt of
   * the world.
   */
  paraphrase(prompt: string, stream: RandomStream): string | undefined;
  /**
   * Scores a picture exactly. `oracle`: 1 when it shows everything that the prompt names, else 0; `oracle.shape` ... the
   * same for each attribute named; `quality`: how clean and vivid it is, in [0, 1], whatever the prompt asks for; where
   * there are styles, `style.neon` ...: 1 when it is a valid picture in that style, else 0. Empty for what is not a prompt
   * of the world.
   */
  exactScores(picture: Float32Array, prompt: string): Record<string, number>;
  /**
   * Renders a prompt, clean. The stream draws jitter and what the prompt leaves open; without one the prompt must name all
   * attributes, and the style is the first unless it names one. `undefined` for any other prompt.
   */
  render(prompt: string, stream?: RandomStream): Float32Array | undefined;
  /**
   * Returns the share of each pixel that the object covers, [side * side]. `undefined` unless the prompt names its shape,
   * size and position.
   */
  coverage(prompt: string): Float32Array | undefined;
}
