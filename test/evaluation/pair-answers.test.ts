import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../common/random.ts';
import { wilson } from '../../common/statistics.ts';
import { breakLines, dotsOf, drawable } from '../../evaluation/pairs/dot-letters.ts';
import { drawPairs } from '../../evaluation/pairs/draw-pairs.ts';
import { readAnswers, scoreAnswers, type PairKey } from '../../evaluation/pairs/pair-answers.ts';
import { pairSheets } from '../../evaluation/pairs/pair-sheet.ts';
import { decodePng } from '../../common/pictures/png.ts';

const prompts = Array.from({ length: 200 }, (_, i) => ({ id: String(i), prompt: `prompt ${i}` }));
const arms: [string, string] = ['base', 'tuned'];
const key = (count: number): PairKey => ({
  format: 1,
  run: 'r',
  arms,
  seed: 1,
  pairs: drawPairs(prompts, arms, count, 1),
});

describe('the draw of pairs', () => {
  it('takes each prompt once, and each arm about as often on either side', () => {
    const pairs = drawPairs(prompts, arms, 200, 7);
    expect(new Set(pairs.map(({ id }) => id)).size).toBe(200);
    const left = pairs.filter(({ A }) => A === 'base').length;
    expect(Math.abs(left - 100)).toBeLessThan(30);
    expect(pairs.every(({ A, B }) => A !== B)).toBe(true);
  });

  it('depends on its seed alone, and a larger one begins with a smaller one', () => {
    expect(drawPairs(prompts, arms, 40, 1)).toEqual(drawPairs(prompts, arms, 40, 1));
    expect(drawPairs(prompts, arms, 40, 1)).not.toEqual(drawPairs(prompts, arms, 40, 2));
    expect(drawPairs(prompts, arms, 80, 1).slice(0, 40)).toEqual(drawPairs(prompts, arms, 40, 1));
  });
});

describe('answers', () => {
  const csv = '\uFEFFpair,better\r\n1,A\r\n2, B\r\n3,tie\r\n';
  const lines = '{"pair": 1, "better": "A"}\n{"better": "B", "pair": 2}\n\n{"pair": 3, "better": "tie"}';

  it('are read from CSV and from JSON lines', () => {
    const answers = [1, 2, 3].map((pair, i) => ({ pair, better: (['A', 'B', 'tie'] as const)[i]! }));
    expect(readAnswers(csv, 'a.csv')).toEqual(answers);
    expect(readAnswers(lines, 'a.jsonl')).toEqual(answers);
  });

  it.each([
    ['', 'a begins with ""; expected JSON lines'],
    ['pair;better\n1;A', 'a begins with "pair;better"'],
    ['pair,better\n1,A\n2,C', 'a, line 3: "2,C" is no answer; expected NUMBER,A or NUMBER,B or NUMBER,tie.'],
    ['pair,better\n1,a', 'a, line 2'],
    ['pair,better\n1.5,A', 'a, line 2'],
    ['pair,better\n1,A,sure', 'a, line 2'],
    ['{"pair": 1, "better": "A", "note": ""}', 'a, line 1'],
    ['{"pair": "1", "better": "A"}', 'a, line 1'],
    ['{"pair": 1, "better": "A"', 'a, line 1'],
  ])('that cannot be understood are refused by line: %j', (text, message) => {
    expect(() => readAnswers(text, 'a')).toThrow(message);
  });

  it('are counted for the second arm, whichever side it was on', () => {
    const { pairs } = key(4);
    const answer = (i: number, arm: string) => ({
      pair: i + 1,
      better: pairs[i]!.A === arm ? ('A' as const) : ('B' as const),
    });
    const given = [answer(0, 'tuned'), answer(1, 'tuned'), answer(2, 'base'), { pair: 4, better: 'tie' as const }];
    const [low, high] = wilson(2, 3);
    expect(scoreAnswers(key(4), given, 'a')).toEqual({
      arms,
      pairs: 4,
      ties: 1,
      decided: 3,
      right: 2,
      winRate: 2 / 3,
      ci95: [low, high],
    });
    const ties = [1, 2, 3, 4].map((pair) => ({ pair, better: 'tie' as const }));
    expect(scoreAnswers(key(4), ties, 'a')).toMatchObject({ decided: 0, winRate: null, ci95: null });
  });

  it.each([
    [[1, 2], 'a has no answer for pair 3;'],
    [[2], 'a has no answer for pairs 1, 3;'],
    [[1, 2, 3, 2], 'a answers pair 2 twice'],
    [[1, 2, 3, 4], 'a answers pair 4, which the key does not have: it has pairs 1 to 3.'],
  ])('must be there once for each pair: %j', (numbers, message) => {
    const given = numbers.map((pair) => ({ pair, better: 'A' as const }));
    expect(() => scoreAnswers(key(3), given, 'a')).toThrow(message);
  });
});

describe("Wilson's interval", () => {
  it.each([
    // Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 1998, table I.
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('of %i in %i', (successes, cases, low, high) => {
    const found = wilson(successes, cases);
    expect(found[0]).toBeCloseTo(low, 4);
    expect(found[1]).toBeCloseTo(high, 4);
  });
});

describe('a sheet', () => {
  const pictured = (count: number, size: number, prompt = 'a red circle') => ({
    size,
    pairs: drawPairs(prompts, arms, count, 1).map((pair) => {
      const gray = (value: number) => new Float32Array(size * size * 3).fill(value);
      return { ...pair, prompt, pictures: [gray(0.25), gray(0.75)] as const };
    }),
  });

  it('shows side A on the left, enlarged, and is split when it would exceed 2,000 pixels', () => {
    const sheets = pairSheets(pictured(40, 32));
    expect(sheets).toHaveLength(3);
    for (const [i, sheet] of sheets.entries()) {
      const { width, height, pixels } = decodePng(sheet, `sheet ${i}`);
      expect(Math.max(width, height)).toBeLessThanOrEqual(2000);
      const at = (x: number, y: number) => pixels[3 * (y * width + x)]!;
      expect(at(140, 160)).toBeCloseTo(0.25, 2);
      expect(at(140 + 262, 160)).toBeCloseTo(0.75, 2);
    }
    expect(pairSheets(pictured(2, 32))).toHaveLength(1);
    const { width } = decodePng(pairSheets(pictured(1, 1024))[0]!, 'large');
    expect(width).toBeLessThanOrEqual(2000);
  });

  it('does the same bytes again', () => {
    expect(pairSheets(pictured(3, 32))).toEqual(pairSheets(pictured(3, 32)));
  });

  it('writes every character of a prompt, in a box if it has no letter for it', () => {
    const all = String.fromCodePoint(...Array.from({ length: 95 }, (_, i) => i + 32));
    const shapes = [...all].map((letter) => JSON.stringify(dotsOf(letter)));
    expect(new Set(shapes).size).toBe(95);
    expect(drawable('“Café” – façade…\n')).toBe('"Cafe" - facade... ');
    expect(dotsOf('狐')).toEqual(dotsOf('犬'));
    expect(dotsOf('狐').length).toBeGreaterThan(10);
  });

  it('breaks long prompts at blanks, and cuts what is left', () => {
    expect(breakLines('a large green cross in the top right', 15, 3)).toEqual([
      'a large green',
      'cross in the',
      'top right',
    ]);
    const random = new RandomStream(1, 'test');
    for (let i = 0; i < 50; i++) {
      const text = Array.from({ length: random.integer(30) }, () => 'x'.repeat(1 + random.integer(20))).join(' ');
      const lines = breakLines(text, 12, 3);
      expect(lines.length).toBeLessThanOrEqual(3);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(12);
      if (!lines.at(-1)!.endsWith('...')) expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
    }
  });
});
