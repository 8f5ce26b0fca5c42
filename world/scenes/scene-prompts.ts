import { RandomStream } from '../../common/random.ts';
import { caption } from './grammar.ts';
import type { Split } from './common/combinations.ts';
import { sceneSplit, scenes } from './scene.ts';

export interface ShapesPrompt {
  readonly prompt: string;
  readonly split: Split;
}

/** Phrasings per training combination; validation and test use only the canonical one. */
const trainingPhrasings = 3;

/** Returns the world's distinct prompts: all attributes, no style words, each combination in the split of its hash. */
export function shapesPrompts(): ShapesPrompt[] {
  return scenes.flatMap((scene, index) => {
    const split = sceneSplit(scene);
    const prompts = new Set([caption(scene)]);
    const stream = new RandomStream(0, 'shapes prompts', index);
    while (split === 'train' && prompts.size < trainingPhrasings) prompts.add(caption(scene, stream));
    return [...prompts].map((prompt) => ({ prompt, split }));
  });
}
