import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { caption, styleWords, vocabulary } from '../../../world/scenes/shapes/grammar.ts';
import { scenes } from '../../../world/scenes/shapes/scene.ts';
import { contextLength, tokenizerFiles } from '../../../world/scenes/shapes/shapes-tokenizer.ts';
import { ClipTokenizer } from '../../../models/clip/tokenizer/tokenizer.ts';

const folder = 'world/shapes/base/tokenizer';
const tokenizer = await ClipTokenizer.load(folder);

test('the shipped files are those that the generator makes', async () => {
  for (const [name, content] of Object.entries(tokenizerFiles())) {
    expect(await readFile(`${folder}/${name}`, 'utf8')).toBe(content);
  }
});

test('token numbers are a permutation of 0 .. n-1, fewer than 1,000, the end token last', () => {
  const tokens = JSON.parse(tokenizerFiles()['vocab.json']!) as Record<string, number>;
  const ids = Object.values(tokens);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Math.max(...ids)).toBe(ids.length - 1);
  expect(tokens['<|endoftext|>']).toBe(ids.length - 1);
  expect(ids.length).toBeLessThan(1000);
});

test('each word of the grammar is one token', () => {
  for (const word of vocabulary) expect(tokenizer.encode(word)).toHaveLength(3);
});

test('the longest captions fit into the context', () => {
  const style = [...styleWords.good.slice(0, 1), ...styleWords.bad.slice(0, 1)];
  let longest = 0;
  scenes.forEach((scene, i) => {
    longest = Math.max(longest, tokenizer.encode(caption(scene, new RandomStream(1, 'longest', i), style)).length);
  });
  expect(longest).toBeLessThanOrEqual(contextLength);
  expect(tokenizer.modelMaxLength).toBe(contextLength);
});
