import fc from 'fast-check';
import { expect, it } from 'vitest';
import { generateRow } from '../../../bench/prompts/generate.ts';
import { argsort } from '../../../datasets/duplicates/argsort.ts';
import { NearDuplicates } from '../../../datasets/duplicates/near-duplicates.ts';
import { NumberSet } from '../../../datasets/duplicates/number-set.ts';
import { sharedShingles, shinglesOf } from '../../../datasets/duplicates/shingles.ts';
import { SpilledList } from '../../../datasets/duplicates/spill.ts';
import { join } from 'node:path';
import { emptyFolder } from '../stage-runner.ts';

const similarity = 0.65;

async function groupsOf(texts: readonly string[]): Promise<Uint32Array> {
  const near = new NearDuplicates(await emptyFolder(), texts.length, similarity);
  for (const text of texts) near.add(text);
  return near.groups();
}

it('finds at least 95 % of planted near duplicates, and at least 90 % of what it finds was planted', async () => {
  const rows = Array.from({ length: 20_000 }, (_, row) => generateRow(7, row));
  const groups = await groupsOf(rows.map(({ prompt }) => prompt));
  const planted = [...rows.entries()].filter(([, { kind }]) => kind === 'near');
  expect(planted.length).toBeGreaterThan(1500);
  const found = planted.filter(([row, { base }]) => groups[row] === groups[base]);
  expect(found.length / planted.length).toBeGreaterThanOrEqual(0.95);
  const joined = [...groups.entries()].filter(([row, first]) => row !== first && rows[row]!.kind !== 'exact');
  const right = joined.filter(([row, first]) => rows[row]!.base === rows[first]!.base);
  expect(right.length / joined.length).toBeGreaterThanOrEqual(0.9);
});

it('joins only texts that are alike, directly or through others, and names a group by its first text', async () => {
  const texts = [
    'a photo of a cat on a mat in the evening sun',
    'a red circle next to a blue square',
    'a photo of a cat on a mat in the evening sun, 8k',
    'a green circle far from a blue square',
    'A photo of a cat, on a mat, in the evening sun!',
    '',
    '!!!',
  ];
  expect([...(await groupsOf(texts))]).toEqual([0, 1, 0, 3, 0, 5, 6]);
});

it('gives the same groups whatever the order of the texts', async () => {
  const texts = Array.from({ length: 400 }, (_, row) => generateRow(3, row).prompt);
  const sets = async (order: readonly number[]): Promise<string[]> => {
    const groups = await groupsOf(order.map((i) => texts[i]!));
    const members = new Map<number, string[]>();
    groups.forEach((first, at) => members.set(first, [...(members.get(first) ?? []), texts[order[at]!]!]));
    return [...members.values()].map((each) => each.sort().join('\n')).sort();
  };
  const order = texts.map((_, i) => i);
  expect(await sets([...order].reverse())).toEqual(await sets(order));
});

/** Jaccard similarity of two texts: what their sets share of all that is in either. */
function jaccard(a: string, b: string): number {
  const [left, right] = [shinglesOf(a), shinglesOf(b)];
  const shared = sharedShingles(left, right);
  return shared / (left.length + right.length - shared);
}

it('similarity is of the sets of words and pairs of words', () => {
  // Words a b c, pairs ab bc; words a b d, pairs ab bd.
  expect(jaccard('a b c', 'A, b: d')).toBeCloseTo(3 / 7);
  expect(jaccard('a b', 'a b a b a b')).toBeCloseTo(3 / 4);
  expect([...shinglesOf(''), ...shinglesOf('!')]).toEqual([]);
  // The same words, with the colors changed over: 1 without the pairs.
  expect(jaccard('a red circle on a blue square', 'a blue circle on a red square')).toBeCloseTo(10 / 14);
});

it('a set of numbers agrees with that of JavaScript', () => {
  const set = new NumberSet();
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(20), fc.integer({ min: 0, max: 0xffffffff })), { maxLength: 600 }),
      (numbers) => {
        set.clear();
        const expected = new Set<number>();
        for (const each of numbers) {
          expect(set.add(each)).toBe(!expected.has(each));
          expected.add(each);
        }
        expect(set.size).toBe(expected.size);
        for (const each of [...numbers, 21, 22]) expect(set.has(each)).toBe(expected.has(each));
      },
    ),
    { numRuns: 50 },
  );
});

it('places are sorted by their keys, equal ones in order', () => {
  fc.assert(
    fc.property(fc.uint32Array({ maxLength: 300 }), fc.nat(8), (random, few) => {
      const keys = random.map((key) => (few > 4 ? key % few : key));
      const expected = [...keys.keys()].sort((a, b) => keys[a]! - keys[b]! || a - b);
      expect([...argsort(keys)]).toEqual(expected);
    }),
  );
});

it('a list that was spilled to a file gives back any part of itself', async () => {
  const list = new SpilledList(join(await emptyFolder(), 'list'));
  const numbers = Uint32Array.from({ length: 200_000 }, (_, i) => (i * 2654435761) >>> 0);
  for (let at = 0; at < numbers.length; at += 1000) list.pushAll(numbers.subarray(at, at + 1000));
  expect(list.all()).toEqual(numbers);
  for (const [from, count] of [
    [0, 10],
    [131_060, 30],
    [199_990, 10],
    [65_000, 70_000],
  ] as const) {
    const part = new Uint32Array(count);
    list.read(from, count, part);
    expect(part).toEqual(numbers.subarray(from, from + count));
  }
  list.close();
});
