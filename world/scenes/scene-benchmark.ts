import { RandomStream } from '../../common/random.ts';
import { caption } from './grammar.ts';
import { scenesOf } from './scene.ts';

export interface ShapesBenchmarkPrompt {
  readonly prompt: string;
  /** The shape that is asked for. */
  readonly category: string;
  /** `plain`, the canonical caption, or `rephrased`: other words in another order. */
  readonly challenge: 'plain' | 'rephrased';
}

/**
 * The world's own benchmark: every combination that is held out for testing, once in the canonical caption and once
 * rephrased. No prompt twice; none says what a training prompt says.
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
