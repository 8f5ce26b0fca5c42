import { RandomStream } from '../../common/random.ts';
import type { Split } from '../scenes/common/combinations.ts';
import type { SourceName } from '../scenes/common/world-names.ts';
import type { WorldBenchmarkPrompt, WorldPrompt } from './known-world.ts';

/** What the prompts of a world are made of. */
export interface Sayable<S> {
  readonly name: SourceName;
  readonly combinations: {
    readonly all: readonly S[];
    split(scene: S): Split;
    of(split: Split): readonly S[];
  };
  /** Says a scene: canonically, or in a phrasing that the stream draws. */
  readonly say: (scene: S, stream?: RandomStream) => string;
  /** Returns the category of a scene in the benchmark. */
  readonly category: (scene: S) => string;
}

/** Phrasings per training combination; validation and test use only the canonical one. */
const trainingPhrasings = 3;

/** Returns a world's distinct prompts; see `KnownWorld.prompts`. */
export function promptsOf<S>({ name, combinations, say }: Sayable<S>): WorldPrompt[] {
  return combinations.all.flatMap((scene, index) => {
    const split = combinations.split(scene);
    const prompts = new Set([say(scene)]);
    const stream = new RandomStream(0, `${name} prompts`, index);
    while (split === 'train' && prompts.size < trainingPhrasings) prompts.add(say(scene, stream));
    return [...prompts].map((prompt) => ({ prompt, split }));
  });
}

/** Returns a world's benchmark; see `KnownWorld.benchmark`. */
export function benchmarkOf<S>({ name, combinations, say, category }: Sayable<S>): WorldBenchmarkPrompt[] {
  return combinations.of('test').flatMap((scene, index) => {
    const stream = new RandomStream(0, `${name} benchmark`, index);
    const plain = say(scene);
    let rephrased = plain;
    while (rephrased === plain) rephrased = say(scene, stream);
    return [
      { prompt: plain, category: category(scene), challenge: 'plain' },
      { prompt: rephrased, category: category(scene), challenge: 'rephrased' },
    ] as const;
  });
}
