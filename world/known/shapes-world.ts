import { randomJitter } from '../scenes/common/jitter.ts';
import { saidAmong } from '../scenes/common/word-parser.ts';
import { caption, parse, styleWords } from '../scenes/shapes/grammar.ts';
import { oracle } from '../scenes/shapes/oracle.ts';
import { coverage, pictureSize, render } from '../scenes/shapes/renderer.ts';
import { attributeNames, combinations, type Scene } from '../scenes/shapes/scene.ts';
import { webExample } from '../scenes/shapes/web-like.ts';
import { exactMetrics, exactScores } from './exact-scores.ts';
import type { KnownWorld } from './known-world.ts';
import { benchmarkOf, promptsOf, type Sayable } from './world-prompts.ts';

const sayable: Sayable<Scene> = {
  name: 'shapes',
  combinations,
  say: (scene, stream) => caption(scene, stream),
  category: ({ shape }) => shape,
};

/** The shapes world (world/scenes/shapes). */
export const shapesWorld: KnownWorld = {
  name: 'shapes',
  side: pictureSize,
  metrics: exactMetrics(attributeNames),
  prompts: () => promptsOf(sayable),
  webCaption: (index) => webExample(index, 1).caption,
  benchmark: () => benchmarkOf(sayable),
  knows: (prompt) => parse(prompt) !== undefined,
  paraphrase(prompt, stream) {
    const scene = parse(prompt);
    return scene && caption(scene, stream, saidAmong([...styleWords.good, ...styleWords.bad], prompt));
  },
  exactScores(picture, prompt) {
    const asked = parse(prompt);
    return asked ? exactScores(oracle(picture, asked)) : {};
  },
  render(prompt, stream) {
    const asked = parse(prompt);
    const scene = asked && combinations.complete(asked, stream);
    return scene && render(scene, stream && { jitter: randomJitter(stream) });
  },
  coverage(prompt) {
    const { shape, size, position } = parse(prompt) ?? {};
    return shape && size && position && coverage({ shape, size, position });
  },
};
