import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockedWords } from '../../../datasets/text/blocked-words.ts';
import { characters, normalizePrompt } from '../../../datasets/text/normalize.ts';
import { PromptRules, type FilterSettings } from '../../../datasets/rules/rules.ts';
import { promptId, splitOf } from '../../../datasets/shards/split.ts';

/** Any code points, halves of surrogate pairs too, with more of the common ones. */
const anyText = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0x10ffff }), fc.integer({ min: 0, max: 0x3ff })))
  .map((codes) => String.fromCodePoint(...codes));

describe('normalizePrompt', () => {
  it('removes invisible characters, joins white space and composes letters', () => {
    const cases: [string, string][] = [
      ['a cat, 8k', 'a cat, 8k'],
      ['  a\t cat\r\n on\u00a0the\u3000mat\u2028 ', 'a cat on the mat'],
      ['\ufeffz\u200bero\u00ad wi\u0000dth\u0007 \u202eleft\u202c', 'zero width left'],
      ['cafe\u0301', 'café'],
      ['e\u200b\u0301', 'é'],
      ['👩\u200d🔬 ❤\ufe0f', '👩\u200d🔬 ❤\ufe0f'],
      ['half \ud83d of a pair', 'half of a pair'],
      [' \u200b \n', ''],
    ];
    for (const [text, expected] of cases) expect(normalizePrompt(text), JSON.stringify(text)).toBe(expected);
  });

  it('changes nothing the second time', () => {
    const unit = fc.oneof(anyText, fc.constantFrom(' ', '\n', '\u0301', 'e', '\u200b', '\u1100', '\u1161'));
    fc.assert(
      fc.property(fc.array(unit), (parts) => {
        const once = normalizePrompt(parts.join(''));
        expect(normalizePrompt(once)).toBe(once);
        expect(once).not.toMatch(/^\s|\s$|\s\s|\p{Cc}|\p{Cs}/u);
      }),
      { numRuns: 300 },
    );
  });
});

it('characters are counted as Unicode does', () => {
  fc.assert(fc.property(anyText, (text) => characters(text) === [...text].length));
});

describe('BlockedWords', () => {
  const blocked = new BlockedWords(['Nude', 'red  light', 'été', 'x-ray', '!']);

  it('are found as whole words, whatever their case and punctuation', () => {
    const cases: [string, string | undefined][] = [
      ['a (NUDE:1.2) cat', 'nude'],
      ['denuded nudes', undefined],
      ['Red-Light district', 'red light'],
      ['a red, bright light', undefined],
      ["l'ÉTÉ", 'été'],
      ['an X ray!', 'x ray'],
      ['xray', undefined],
    ];
    for (const [text, found] of cases) expect(blocked.find(text), text).toBe(found);
  });
});

describe('PromptRules', () => {
  const settings: FilterSettings = {
    minCharacters: 3,
    maxCharacters: 20,
    maxTokens: 8,
    overlong: 'drop',
    blocked: ['gun'],
  };
  /** Counts words. */
  const tokenizer = { count: (text: string) => text.split(' ').length + 2, modelMaxLength: 7 };
  const judge = (raw: string | null, changed: Partial<FilterSettings> = {}) =>
    new PromptRules({ ...settings, ...changed }, tokenizer).judge(raw);

  it('name the rule that drops a prompt, and keep the others', () => {
    const cases: [string | null, string][] = [
      [null, 'empty'],
      [' \n\u200b', 'empty'],
      ['ab', 'too-short'],
      ['👍🏽', 'too-short'],
      ['abcdefghijklmnopqrstu', 'too-long'],
      ['a GUN.', 'blocked'],
      ['a b c d e f', 'too-many-tokens'],
    ];
    for (const [raw, reason] of cases) expect(judge(raw), String(raw)).toMatchObject({ kept: false, reason });
    expect(judge(' a  b c d e ')).toEqual({
      kept: true,
      prompt: 'a b c d e',
      tokens: 7,
      truncated: false,
      changed: ['normalized'],
      left: [],
    });
    expect(judge('👍👍👍')).toMatchObject({ kept: true });
  });

  it('say which weights and flags a prompt keeps, and none of those that are stripped', () => {
    const marked = '(a:1.2) b --ar 16:9';
    expect(judge(marked)).toMatchObject({ prompt: marked, changed: [], left: ['weights', 'flags'] });
    expect(judge(marked, { flags: 'strip' })).toMatchObject({ changed: ['flags'], left: ['weights'] });
    expect(judge('a --- b, c')).toMatchObject({ left: [] });
  });

  it('keep prompts with too many tokens when they are to be truncated', () => {
    expect(judge('a b c d e f', { overlong: 'truncate' })).toMatchObject({ kept: true, tokens: 8, truncated: true });
    expect(judge('a b c', { overlong: 'truncate', maxTokens: 4 })).toMatchObject({ tokens: 5, truncated: true });
  });
});

describe('splits', () => {
  const ids = Array.from({ length: 20_000 }, (_, i) => promptId(`prompt ${i}`));

  it('have their shares of the prompts', () => {
    const shares = { validation: 0.1, test: 0.2 };
    const counts = { train: 0, validation: 0, test: 0 };
    for (const id of ids) counts[splitOf(id, shares)]++;
    // Four standard deviations of a binomial count.
    expect(Math.abs(counts.test - 4000)).toBeLessThan(4 * Math.sqrt(20_000 * 0.2 * 0.8));
    expect(Math.abs(counts.validation - 2000)).toBeLessThan(4 * Math.sqrt(20_000 * 0.1 * 0.9));
  });

  it('may be empty', () => {
    const found = new Set(ids.map((id) => splitOf(id, { validation: 0, test: 0 })));
    expect(found).toEqual(new Set(['train']));
    expect(splitOf('f'.repeat(32), { validation: 0, test: 0 })).toBe('train');
  });

  it('that grow take their prompts from training only', () => {
    const share = fc.double({ min: 0, max: 0.49, noNaN: true });
    fc.assert(
      fc.property(share, share, share, share, (v1, t1, v2, t2) => {
        const small = { validation: Math.min(v1, v2), test: Math.min(t1, t2) };
        const large = { validation: Math.max(v1, v2), test: Math.max(t1, t2) };
        for (const id of ids.slice(0, 200)) {
          if (splitOf(id, small) !== 'train') expect(splitOf(id, large)).toBe(splitOf(id, small));
        }
      }),
    );
  });

  it('ignore letter case, as CLIP does', () => {
    expect(promptId('A Red Circle')).toBe(promptId('a red circle'));
    expect(promptId('a red circle')).toMatch(/^[0-9a-f]{32}$/);
  });
});
