import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { knownWorld, worldOfSide } from '../../../world/known/known-worlds.ts';
import { scorePictures } from '../../../world/known/score-pictures.ts';
import { isWorldName } from '../../../world/scenes/common/world-names.ts';
import {
  compositionCaption,
  parseComposition,
} from '../../../world/scenes/gallery/compositions/composition-grammar.ts';
import { renderComposition } from '../../../world/scenes/gallery/compositions/composition-renderer.ts';
import { compositions } from '../../../world/scenes/gallery/compositions/composition-set.ts';
import { compositionKey } from '../../../world/scenes/gallery/compositions/composition.ts';
import { galleryCaption } from '../../../world/scenes/gallery/gallery-grammar.ts';
import { render } from '../../../world/scenes/gallery/gallery-renderer.ts';
import { gallery } from '../../../world/scenes/gallery/gallery-scene.ts';

const harder = knownWorld('gallery-hard');
const keyOf = (prompt: string): string => compositionKey(parseComposition(prompt)!.scene);

describe('the source "gallery-hard"', () => {
  it('is a source whose pictures are those of the gallery', () => {
    expect(isWorldName('gallery-hard')).toBe(true);
    expect(harder.side).toBe(64);
    expect(worldOfSide(64)).toBe(knownWorld('gallery'));
  });

  it('has three phrasings of each training composition, and the canonical one of any other, in its split', () => {
    const prompts = harder.prompts();
    expect(new Set(prompts.map(({ prompt }) => prompt)).size).toBe(prompts.length);
    expect(prompts).toHaveLength(compositions.all.length + 2 * compositions.of('train').length);
    const known = new Map(compositions.all.map((scene) => [compositionKey(scene), compositions.split(scene)]));
    for (const { prompt, split } of prompts) expect(known.get(keyOf(prompt))).toBe(split);
  });

  it('has a benchmark of the held-out ones, by relation and count', () => {
    const benchmark = harder.benchmark();
    expect(benchmark).toHaveLength(2 * compositions.of('test').length);
    expect(new Set(benchmark.map(({ prompt }) => prompt)).size).toBe(benchmark.length);
    expect([...new Set(benchmark.map(({ category }) => category))].sort()).toEqual(
      ['left of', 'right of', 'above', 'below', 'two', 'three', 'four'].sort(),
    );
  });

  it('has web-like captions, which it paraphrases with the same meaning', () => {
    for (let i = 0; i < 40; i++) {
      const caption = harder.webCaption(i);
      const other = harder.paraphrase(caption, new RandomStream(1, 'paraphrase', i))!;
      const [asked, again] = [parseComposition(caption)!, parseComposition(other)!];
      expect(compositionKey(again.scene)).toBe(compositionKey(asked.scene));
      expect([again.style, again.quality]).toEqual([asked.style, asked.quality]);
    }
  });
});

describe('a picture of 64 pixels', () => {
  const scene = compositions.all[0]!;
  const group = compositions.all.at(-1)!;
  const single = gallery.all[0]!;
  const prompts = [scene, group].map((each) => compositionCaption(each));

  it('is judged by the oracle of the tier that the prompt is of, from either source', () => {
    const pictures = [renderComposition(scene, 'flat'), renderComposition(group, 'flat'), render(single, 'flat')];
    const asked = [...prompts, galleryCaption(single), 'two dogs'];
    const all = Float32Array.from([...pictures, pictures[0]!].flatMap((picture) => [...picture]));
    const scores = scorePictures(64, all, asked);
    expect(Object.keys(scores)).toEqual(harder.metrics);
    expect([...scores['oracle']!]).toEqual([1, 1, 1, NaN]);
    expect([...scores['oracle.relation']!]).toEqual([1, NaN, NaN, NaN]);
    expect([...scores['oracle.count']!]).toEqual([NaN, 1, NaN, NaN]);
    expect([...scores['oracle.size']!]).toEqual([NaN, NaN, 1, NaN]);
    expect([...scores['style.flat']!]).toEqual([1, 1, 1, NaN]);
    for (const world of [harder, knownWorld('gallery')])
      for (const prompt of asked.slice(0, 3)) expect(world.knows(prompt)).toBe(true);
    expect(harder.exactScores(pictures[2]!, prompts[0]!)['oracle']).toBe(0);
    expect(harder.exactScores(pictures[0]!, galleryCaption(single))['oracle']).toBe(0);
  });

  it('is rendered for what a prompt says of several objects, and the rest is drawn', () => {
    expect(harder.render(prompts[0]!)).toEqual(renderComposition(scene, 'flat'));
    expect(harder.render('a circle and a square')).toBeUndefined();
    const drawn = harder.render('a circle above a square, in a neon style', new RandomStream(2, 'render'))!;
    expect(harder.exactScores(drawn, 'a circle above a square')).toMatchObject({ oracle: 1, 'style.neon': 1 });
    expect(harder.coverage(prompts[1]!)!.some((share) => share > 0)).toBe(true);
    expect(harder.coverage('three circles')).toBeUndefined();
  });
});
