import { RandomStream } from '../../common/random.ts';
import { caption } from './grammar.ts';
import { scenesOf } from './scene.ts';

export interface ShapesBenchmarkPrompt {
  readonly prompt: string;
  /** The requested shape. */
  readonly category: string;
  /** `plain`, the canonical caption, or `rephrased`: other words in another order. */
  readonly challenge: 'plain' | 'rephrased';
}

/**
 * Returns the world's own benchmark: every combination held out for testing, once with the canonical caption and once
 * rephrased. No prompt occurs twice, and none describes a training combination.
 */
export function shapesBenchmark(): ShapesBenchmarkPrompt[] {
  return scenesOf('test').flatMap((scene, index) => {
    const stream = new RandomStream(0, 'shapes benchmark', index);
    const plain = caption(scene);
    let rephrased = plain;
    while (rephrased === plain) rephrased = caption(scene, stream);
    return [
      { prompt: plain, category: scene.shape, challenge: 'plain' },
      { prompt: rephrased, category: scene.shape, challenge: 'rephrased' },
    ] as const;
  });
}
