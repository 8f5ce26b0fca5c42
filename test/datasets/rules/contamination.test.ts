import { describe, expect, it } from 'vitest';
import { ContaminationIndex } from '../../../datasets/rules/contamination.ts';
import { wordsOf } from '../../../datasets/text/words.ts';

const prompts = [
  'a shiba inu wearing a beret and black turtleneck',
  'bond',
  'a photo of a bench',
  'an armchair in the shape of an avocado sits by the sea',
];
const index = new ContaminationIndex([{ name: 'parti', prompts }], 0.65);
const find = (text: string) => index.find(text, wordsOf(text))?.prompt;

describe('ContaminationIndex', () => {
  it('finds a benchmark prompt alone, among punctuation and tags, and within a longer text', () => {
    for (const prompt of prompts) {
      for (const variant of [
        prompt,
        `${prompt.toUpperCase()}!`,
        `${prompt}, 8k`,
        `${prompt}, highly detailed, artstation`,
      ]) {
        expect(find(variant), variant).toBe(prompt);
      }
    }
    expect(find('oil painting, a shiba inu wearing a beret and black turtleneck in the snow, 4k')).toBe(prompts[0]);
  });

  it('finds a benchmark prompt with another word, whatever stands behind it', () => {
    expect(find('a shiba inu wearing a hat and black turtleneck')).toBe(prompts[0]);
    expect(
      find('an armchair in the form of an avocado sits by the sea, octane render, 8k, trending on artstation'),
    ).toBe(prompts[3]);
    expect(find('armchair in the shape of an avocado by the sea')).toBe(prompts[3]);
  });

  it('ignores prompts that only share words', () => {
    for (const text of [
      'a bond of trust between two people',
      'james bond, 8k',
      'oil painting of james bond. 8k',
      'a photo of a cat',
      'a cat wearing a beret, a dog in a black turtleneck',
      'the sea',
      '',
    ]) {
      expect(find(text), text).toBeUndefined();
    }
  });

  it('names the benchmark and the similarity', () => {
    expect(index.find('Bond.', ['bond'])).toEqual({ benchmark: 'parti', prompt: 'bond', similarity: 1 });
    const text = 'a shiba inu wearing a hat and black turtleneck';
    const found = index.find(text, wordsOf(text))!;
    expect(found.similarity).toBeGreaterThanOrEqual(0.65);
    expect(found.similarity).toBeLessThan(1);
  });
});
