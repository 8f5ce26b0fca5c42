import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { galleryCaption, parseGallery, qualityWords } from '../../../world/scenes/gallery/gallery-grammar.ts';
import { render as renderGallery } from '../../../world/scenes/gallery/gallery-renderer.ts';
import { gallery, styleNames } from '../../../world/scenes/gallery/gallery-scene.ts';
import { knownWorld, worldOfSide } from '../../../world/known/known-worlds.ts';
import { scorePictures } from '../../../world/known/score-pictures.ts';
import type { Combinations } from '../../../world/scenes/common/combinations.ts';
import { WORLD_NAMES, type WorldName } from '../../../world/scenes/common/world-names.ts';
import { caption, parse, styleWords } from '../../../world/scenes/shapes/grammar.ts';
import { combinations } from '../../../world/scenes/shapes/scene.ts';

type Said = Record<string, string>;

/** What the tests know of each world besides its interface. */
const facts: Record<
  WorldName,
  {
    combinations: Combinations<Record<string, readonly string[]>>;
    /** What a prompt asks for, apart from its quality words. */
    meaning: (prompt: string) => { scene: Said; style?: string | undefined } | undefined;
    words: readonly string[];
    say: (scene: Said) => string;
    /** Prompts that ask for each style. */
    styled: readonly string[];
  }
> = {
  shapes: {
    combinations: combinations as never,
    meaning: (prompt) => {
      const scene = parse(prompt);
      return scene && { scene };
    },
    words: [...styleWords.good, ...styleWords.bad],
    say: (scene) => caption(scene),
    styled: [''],
  },
  gallery: {
    combinations: gallery as never,
    meaning: (prompt) => {
      const asked = parseGallery(prompt);
      return asked && { scene: asked.scene, style: asked.style };
    },
    words: Object.values(qualityWords).flat(),
    say: (scene) => galleryCaption(scene),
    styled: styleNames.map((name) => `, in a ${name} style`),
  },
};

const draws = 100;
const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

describe.each(WORLD_NAMES)('the world "%s"', (name) => {
  const world = knownWorld(name);
  const { combinations, meaning, words, say, styled } = facts[name];
  const captions = range(draws).map((index) => world.webCaption(index));
  const sceneOf = (prompt: string): string => combinations.key(meaning(prompt)!.scene);
  const wordsIn = (prompt: string): string[] =>
    words.filter((word) => ` ${prompt.replace(/,/g, '')} `.includes(` ${word} `));
  const some = <T>(items: readonly T[], seed: string): T[] => {
    const stream = new RandomStream(7, seed);
    return range(12).map(() => stream.choice(items));
  };

  it('is found by its name and by the side of its pictures', () => {
    expect(world.name).toBe(name);
    expect(worldOfSide(world.side)).toBe(world);
    expect(worldOfSide(512)).toBeUndefined();
  });

  it('has different prompts that name every attribute, and neither style nor quality', () => {
    const prompts = world.prompts();
    expect(new Set(prompts.map(({ prompt }) => prompt)).size).toBe(prompts.length);
    for (const { prompt } of prompts) {
      expect(world.knows(prompt)).toBe(true);
      const { scene, style } = meaning(prompt)!;
      expect(Object.keys(scene).sort()).toEqual([...combinations.names].sort());
      expect(style).toBeUndefined();
      expect(wordsIn(prompt)).toEqual([]);
    }
  });

  it('has three phrasings of each training combination, and the canonical one of any other, in its split', () => {
    const phrasings = new Map<string, string[]>();
    for (const { prompt, split } of world.prompts()) {
      const key = sceneOf(prompt);
      expect(split).toBe(combinations.split(meaning(prompt)!.scene));
      phrasings.set(key, [...(phrasings.get(key) ?? []), prompt]);
    }
    expect(phrasings.size).toBe(combinations.all.length);
    for (const scene of combinations.all) {
      const own = phrasings.get(combinations.key(scene))!;
      expect(own[0]).toBe(say(scene));
      expect(own).toHaveLength(combinations.split(scene) === 'train' ? 3 : 1);
    }
  });

  it('has a benchmark of the held-out combinations, plain and rephrased, by shape', () => {
    const benchmark = world.benchmark();
    expect(benchmark).toHaveLength(2 * combinations.of('test').length);
    expect(new Set(benchmark.map(({ prompt }) => prompt)).size).toBe(benchmark.length);
    for (const { prompt, category, challenge } of benchmark) {
      const { scene } = meaning(prompt)!;
      expect(combinations.split(scene)).toBe('test');
      expect(category).toBe(scene['shape']);
      expect(prompt === say(scene)).toBe(challenge === 'plain');
    }
  });

  it('has web-like captions, some of which say how good the picture is', () => {
    expect(captions.every((each) => world.knows(each))).toBe(true);
    expect(captions.filter((each) => wordsIn(each).length > 0).length).toBeGreaterThan(draws / 4);
    expect(world.webCaption(3)).toBe(captions[3]);
  });

  it('paraphrases with the same meaning and the same quality words', () => {
    let changed = 0;
    for (const index of range(draws)) {
      const prompt = captions[index]!;
      const other = world.paraphrase(prompt, new RandomStream(1, 'paraphrase', index))!;
      expect(meaning(other)).toEqual(meaning(prompt));
      expect(wordsIn(other).sort()).toEqual(wordsIn(prompt).sort());
      if (other !== prompt) changed++;
    }
    expect(changed).toBeGreaterThan(draws / 2);
    expect(world.paraphrase('two dogs', new RandomStream(1, 'paraphrase'))).toBeUndefined();
  });

  it('keeps a quality word of two words, however they are spaced', () => {
    const said = world.paraphrase('a red circle, High   quality', new RandomStream(1, 'paraphrase'))!;
    expect(wordsIn(said)).toEqual(['high quality']);
  });

  describe.each(styled)('a clean render of a prompt%s', (manner) => {
    const scenes = some(combinations.all, 'scenes');

    it('is right, of high quality and in its style; it is wrong for any other prompt', () => {
      const stream = new RandomStream(3, 'neighbors');
      for (const scene of scenes) {
        const picture = world.render(say(scene) + manner)!;
        expect(picture).toHaveLength(world.side ** 2 * 3);
        const scores = world.exactScores(picture, say(scene));
        // Only prompts of several objects have a relation or a count.
        const ofOne = world.metrics.filter((metric) => metric !== 'oracle.relation' && metric !== 'oracle.count');
        expect(Object.keys(scores).sort()).toEqual(ofOne.sort());
        expect(scores['oracle']).toBe(1);
        for (const attribute of combinations.names) expect(scores[`oracle.${attribute}`]).toBe(1);
        expect(scores['quality']).toBeGreaterThan(0.9);
        const styles = Object.entries(scores).filter(([metric]) => metric.startsWith('style.'));
        expect(styles.filter(([, is]) => is === 1).map(([metric]) => metric)).toEqual(
          manner === '' ? [] : [`style.${meaning(say(scene) + manner)!.style}`],
        );
        const wrong = combinations.neighbor(scene, stream);
        const otherwise = world.exactScores(picture, say(wrong));
        expect(otherwise['oracle']).toBe(0);
        expect(otherwise['quality']).toBe(scores['quality']);
      }
    });
  });

  it('scores only the attributes that a prompt names, and nothing of prompts that are not its own', () => {
    const scene = combinations.all[0]!;
    const picture = world.render(say(scene))!;
    const part = world.exactScores(picture, `a ${scene['color']} ${scene['shape']}`);
    expect(part).toMatchObject({ oracle: 1, 'oracle.shape': 1, 'oracle.color': 1 });
    expect(part).not.toHaveProperty(['oracle.size']);
    expect(part['quality']).toBeGreaterThan(0.9);
    expect(world.exactScores(picture, 'two dogs')).toEqual({});
  });

  it('gives a picture of nothing no quality and no style', () => {
    const noise = new RandomStream(1, 'noise').normal(world.side ** 2 * 3).map((value) => 0.5 + 0.2 * value);
    for (const picture of [new Float32Array(world.side ** 2 * 3).fill(0.4), Float32Array.from(noise)]) {
      const { quality, ...scores } = world.exactScores(picture, say(combinations.all[0]!));
      expect(quality).toBeLessThan(0.2);
      expect(Object.values(scores).every((value) => value === 0)).toBe(true);
    }
  });

  it('scores many pictures at once, NaN for what is not judged', () => {
    const scene = combinations.all[7]!;
    const picture = world.render(say(scene))!;
    const scores = scorePictures(world.side, Float32Array.from([...picture, ...picture]), [say(scene), 'two dogs']);
    expect(Object.keys(scores)).toEqual(world.metrics);
    expect([...scores['oracle']!]).toEqual([1, NaN]);
    expect([...scores['quality']!]).toEqual([expect.closeTo(1, 0), NaN]);
    expect(scorePictures(16, new Float32Array(16 * 16 * 3), [say(scene)])).toEqual({});
  });

  it('renders what a prompt asks for and draws the rest', () => {
    const prompt = 'a large circle';
    expect(world.render(prompt)).toBeUndefined();
    const pictures = range(10).map((i) => world.render(prompt, new RandomStream(5, 'render', i))!);
    for (const picture of pictures) expect(world.exactScores(picture, prompt)['oracle']).toBe(1);
    expect(new Set(pictures.map((picture) => picture.join())).size).toBe(10);
    expect(world.render('two dogs', new RandomStream(5, 'render'))).toBeUndefined();
  });

  it('knows where the object is when shape, size and position are said', () => {
    const corner = world.coverage('a small red square in the bottom right')!;
    expect(corner).toHaveLength(world.side ** 2);
    const half = world.side / 2;
    const covered = [...corner].flatMap((share, i) => (share > 0 ? [i] : []));
    expect(covered.every((i) => i % world.side >= half && Math.floor(i / world.side) >= half)).toBe(true);
    expect(covered.length).toBeGreaterThan(world.side);
    expect(world.coverage('a small square')).toBeUndefined();
    expect(world.coverage('two dogs')).toBeUndefined();
  });
});

describe('the styles of the gallery', () => {
  const world = knownWorld('gallery');

  it('are those that a prompt names, else drawn, else the first', () => {
    const scene = gallery.all[100]!;
    const prompt = galleryCaption(scene);
    expect(world.render(prompt)).toEqual(renderGallery(scene, styleNames[0]));
    expect(world.render(galleryCaption(scene, { style: 'neon' }))).toEqual(renderGallery(scene, 'neon'));
    const styles = range(20).map((i) => {
      const scores = world.exactScores(world.render(prompt, new RandomStream(5, 'style', i))!, prompt);
      return styleNames.find((name) => scores[`style.${name}`] === 1);
    });
    expect(new Set(styles)).toEqual(new Set(styleNames));
    expect(styles).not.toContain(undefined);
  });

  it('say nothing of whether the prompt is followed', () => {
    const scene = gallery.all[100]!;
    const scores = world.exactScores(renderGallery(scene, '3d'), galleryCaption(scene, { style: 'neon' }));
    expect(scores).toMatchObject({ oracle: 1, 'style.3d': 1, 'style.neon': 0 });
  });
});
