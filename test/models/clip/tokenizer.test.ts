import { copyFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { BytePairs } from '../../../models/clip/tokenizer/byte-pairs.ts';
import { ClipTokenizer } from '../../../models/clip/tokenizer/tokenizer.ts';

/** A vocabulary of 682 tokens and the ids that Hugging Face's CLIPTokenizer gives (make-fixture.py). */
const fixture = join(import.meta.dirname, '../tokenizer');
const bos = 680;
const eos = 681;
let folder: string;
let tokenizer: ClipTokenizer;

beforeAll(async () => {
  tokenizer = await ClipTokenizer.load(fixture);
});
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A tokenizer folder with the fixture's vocabulary and these other files. */
async function withFiles(name: string, files: Record<string, unknown>): Promise<string> {
  const path = await mkdtemp(join(folder, name));
  for (const file of ['vocab.json', 'merges.txt']) await copyFile(join(fixture, file), join(path, file));
  for (const [file, content] of Object.entries(files)) {
    await writeFile(join(path, file), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return path;
}

describe('ClipTokenizer', () => {
  it("returns the ids of Hugging Face's tokenizer for any text", async () => {
    const expected = JSON.parse(await readFile(join(fixture, 'expected.json'), 'utf8')) as [string, number[]][];
    for (const [text, ids] of expected) expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
    expect(expected.length).toBeGreaterThan(15);
  });

  const anyText = fc
    .array(fc.oneof(fc.integer({ min: 0, max: 0x10ffff }), fc.integer({ min: 0, max: 0x3ff })))
    .map((codes) => String.fromCodePoint(...codes));

  it('counts the tokens that it encodes, the first and the second time', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ids = tokenizer.encode(text);
        expect(ids[0]).toBe(bos);
        expect(ids.at(-1)).toBe(eos);
        expect(tokenizer.count(text)).toBe(ids.length);
        expect(tokenizer.encode(text)).toEqual(ids);
      }),
    );
  });

  it('counts ASCII, which has its own path, as it encodes it', () => {
    const unit = fc.constantFrom(
      ...'aB1 \t\n\u0000\u007f.,(',
      "'",
      "'s",
      "'LL",
      "'",
      '<|endoftext|>',
      '<|',
      'detailed',
      '12',
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 30 }), (parts) => {
        const text = parts.join('');
        expect(tokenizer.count(text), JSON.stringify(text)).toBe(tokenizer.encode(text).length);
      }),
      { numRuns: 500 },
    );
  });

  it('ignores differences in white space, case and composition', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('red', 'Circle', 'CAFÉ', 'naïve', '8', '!?'), { minLength: 1 }), (words) => {
        const ids = tokenizer.encode(words.join(' '));
        expect(tokenizer.encode(`\t${words.join(' \u00a0\n')} `.toUpperCase().normalize('NFD'))).toEqual(ids);
      }),
    );
  });

  it('pads with the pad token and cuts so that the end token stays', () => {
    expect([...tokenizer.pad([bos, 5, eos], 6)]).toEqual([bos, 5, eos, eos, eos, eos]);
    expect([...tokenizer.pad([bos, 1, 2, 3, 4, eos], 4)]).toEqual([bos, 1, 2, eos]);
    expect([...tokenizer.pad([bos, 1, 2, eos], 4)]).toEqual([bos, 1, 2, eos]);
    expect(tokenizer.pad(tokenizer.encode('a red circle'))).toHaveLength(tokenizer.modelMaxLength);
  });

  it('gives the padded ids of many texts one after the other', () => {
    const texts = ['a red circle', '', 'a red circle and a blue square'];
    for (const length of [4, 16])
      expect([...tokenizer.batch(texts, length)]).toEqual(
        texts.flatMap((text) => [...tokenizer.pad(tokenizer.encode(text), length)]),
      );
  });

  it('reads the tokenizer.json that transformers 5 writes instead of two files', async () => {
    const vocab = JSON.parse(await readFile(join(fixture, 'vocab.json'), 'utf8')) as Record<string, number>;
    const merges = (await readFile(join(fixture, 'merges.txt'), 'utf8')).trim().split('\n').slice(1);
    const added = ['<|startoftext|>', '<|endoftext|>'].map((content) => ({ content, id: vocab[content] }));
    for (const { content } of added) delete vocab[content];
    for (const pairs of [merges, merges.map((merge) => merge.split(' '))]) {
      const path = await mkdtemp(join(folder, 'whole-'));
      await writeFile(
        join(path, 'tokenizer.json'),
        JSON.stringify({ added_tokens: added, model: { vocab, merges: pairs } }),
      );
      const text = "the girl's café <|endoftext|> 8k";
      expect((await ClipTokenizer.load(path)).encode(text)).toEqual(tokenizer.encode(text));
    }
  });

  it('takes pad token and length from the configuration', async () => {
    const path = await withFiles('configured-', {
      'tokenizer_config.json': { model_max_length: 16, eos_token: { content: '<|endoftext|>', lstrip: false } },
      'special_tokens_map.json': { pad_token: '!' },
    });
    const configured = await ClipTokenizer.load(path);
    expect(configured.modelMaxLength).toBe(16);
    expect(configured.padId).toBe(0);
    expect([...configured.pad([bos, eos], 4)]).toEqual([bos, eos, 0, 0]);
    expect(configured.encode('!')).toEqual([bos, 0, eos]);
    expect(tokenizer.encode('!')).not.toEqual([bos, 0, eos]);
  });

  it("returns the ids of transformers' tokenizer with added tokens, whichever file holds them", async () => {
    type Case = { files: Record<string, Record<string, unknown>>; cases: [string, number[]][] };
    const golden = JSON.parse(await readFile(join(fixture, 'added.json'), 'utf8')) as Case[];
    const vocab = JSON.parse(await readFile(join(fixture, 'vocab.json'), 'utf8')) as Record<string, number>;
    const merges = (await readFile(join(fixture, 'merges.txt'), 'utf8')).trim().split('\n').slice(1);
    for (const { files, cases } of golden) {
      const whole = files['tokenizer.json'] && { ...files['tokenizer.json'], model: { vocab, merges } };
      const added = await ClipTokenizer.load(
        await withFiles('added-', whole ? { ...files, 'tokenizer.json': whole } : files),
      );
      for (const [text, ids] of cases) {
        expect(added.encode(text), JSON.stringify([text, files])).toEqual(ids);
        expect(added.count(text), JSON.stringify([text, files])).toBe(ids.length);
      }
    }
    expect(golden.length).toBeGreaterThan(50);
  });

  it('refuses a token object that transformers does not take for a token, unless it makes no difference', async () => {
    const token = { content: '<fox>', single_word: false, lstrip: false, rstrip: false, normalized: false };
    const end = { ...token, content: '<|endoftext|>' };
    const read = async (config: object, map?: object) =>
      ClipTokenizer.load(
        await withFiles('marked', {
          'tokenizer_config.json': config,
          ...(map ? { 'special_tokens_map.json': map } : {}),
        }),
      );
    for (const [key, config] of Object.entries({
      pad_token: { pad_token: token },
      image_token: { image_token: token },
      eos_token: { eos_token: { ...end, normalized: true } },
      extra_special_tokens: { extra_special_tokens: ['<a>', token] },
      additional_special_tokens: { additional_special_tokens: [token] },
      model_specific_special_tokens: { model_specific_special_tokens: { image: token } },
    }))
      await expect(read(config)).rejects.toThrow(
        `tokenizer_config.json: ${key} has a token without "__type": "AddedToken"`,
      );
    await read({ pad_token: { ...token, __type: 'AddedToken' } });
    expect((await read({ eos_token: end })).encode('<|endoftext|>')).toEqual([bos, eos, eos]);
    await read({ pad_token: token }, { pad_token: '<|endoftext|>' });
  });

  it('refuses two added tokens with one id, in one file or in two that disagree', async () => {
    const whole = { added_tokens: [{ id: 690, content: '<b>' }], model: { vocab: {}, merges: [] } };
    for (const files of [
      { 'added_tokens.json': { '<a>': 690, '<b>': 690 } },
      { 'added_tokens.json': { '<a>': 690 }, 'tokenizer.json': whole },
    ])
      await expect(ClipTokenizer.load(await withFiles('shared-', files))).rejects.toThrow(
        /the added tokens "<a>" and "<b>" both have the id 690/,
      );
  });

  it("finds a textual inversion's token inside a word, and the end token in capitals where it is normalized", async () => {
    const world = join(import.meta.dirname, '../../../world/shapes/base/tokenizer');
    const path = await mkdtemp(join(folder, 'world-'));
    await cp(world, path, { recursive: true });
    await writeFile(join(path, 'added_tokens.json'), JSON.stringify({ '<fox-style>': 691 }));
    const fox = await ClipTokenizer.load(path);
    expect(fox.encode('a red<fox-style>circle')).toEqual([689, 320, 649, 691, 562, 690]);
    expect(fox.size).toBe(692);
    const end = { content: '<|endoftext|>', normalized: true, special: true };
    await rm(join(path, 'added_tokens.json'));
    await writeFile(join(path, 'tokenizer_config.json'), JSON.stringify({ added_tokens_decoder: { 690: end } }));
    expect((await ClipTokenizer.load(path)).encode('a <|ENDOFTEXT|>')).toEqual([689, 320, 690, 690]);
  });

  it('takes the context of CLIP when the configuration says 1e30', async () => {
    const path = await withFiles('endless-', { 'tokenizer_config.json': { model_max_length: 1e30 } });
    expect((await ClipTokenizer.load(path)).modelMaxLength).toBe(77);
  });

  it('encodes a word of a quarter of a megabyte in about four times the time of a word a quarter as long', () => {
    // Measured in processor time, which other work does not lengthen.
    const seconds = (repeats: number): number => {
      const before = process.cpuUsage();
      expect(tokenizer.count('detailed'.repeat(repeats))).toBeGreaterThan(1000);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1e6;
    };
    const best = (repeats: number) => Math.min(...[1, 2, 3].map(() => seconds(repeats)));
    expect(best(32_768)).toBeLessThan(10 * best(8192));
  });

  it('says which file is missing or wrong', async () => {
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ 'vocab.json': '{' }, /vocab\.json is not JSON/],
      [{ 'vocab.json': {} }, /vocab\.json: no vocabulary/],
      [{ 'vocab.json': { a: 'x' } }, /token "a" has the id x/],
      [{ 'merges.txt': '#version: 0.2\nqq zz\n' }, /merge 1, "qq zz"/],
      [{ 'merges.txt': '#version: 0.2\na b c\n' }, /merges\.txt: line 2 is "a b c"; expected two tokens/],
      [{ 'tokenizer_config.json': { pad_token: null } }, /tokenizer_config\.json: pad_token is null: expected a token/],
      [{ 'added_tokens.json': { '<fox>': 682, '<FOX>': 683 } }, /"<fox>" and "<FOX>" are the same once normalized/],
      [
        { 'added_tokens.json': { '<fox>': 700 } },
        /added token "<fox>" has the id 700 there, but transformers gives it 682/,
      ],
    ];
    for (const [files, message] of cases) {
      const path = await withFiles('wrong-', files);
      await expect(ClipTokenizer.load(path)).rejects.toThrow(message);
      await expect(ClipTokenizer.load(path)).rejects.toThrow(InputError);
    }
    await expect(ClipTokenizer.load(join(folder, 'nowhere'))).rejects.toThrow(/no tokenizer found/);
  });
});

describe('BytePairs', () => {
  it('merges by the definition: the pair of lowest rank, the leftmost first', () => {
    const letters = [...'ab'].flatMap((letter) => [letter, `${letter}</w>`]);
    const merges: [string, string][] = [
      ['a', 'b'],
      ['ab', 'a'],
      ['a', 'a'],
      ['b', 'ab'],
      ['aba', 'b</w>'],
      ['ab', 'ab'],
      ['b', 'b</w>'],
    ];
    const vocabulary = new Map([...letters, ...merges.map((pair) => pair.join(''))].map((token, id) => [token, id]));
    const pairs = new BytePairs(vocabulary, merges, '</w>', 0);
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 40 }), (word) => {
        const symbols = [...word.slice(0, -1), `${word.at(-1)}</w>`];
        for (;;) {
          const ranks = symbols
            .slice(1)
            .map((right, i) => merges.findIndex(([l, r]) => l === symbols[i] && r === right));
          const best = Math.min(...ranks.filter((rank) => rank >= 0));
          if (!Number.isFinite(best)) break;
          symbols.splice(ranks.indexOf(best), 2, merges[best]!.join(''));
        }
        expect(pairs.encode(word)).toEqual(symbols.map((symbol) => vocabulary.get(symbol)));
      }),
    );
  });

  it('returns the unknown id for a byte that the vocabulary lacks', () => {
    expect(
      new BytePairs(
        new Map([
          ['a', 1],
          ['?', 7],
        ]),
        [],
        '</w>',
        7,
      ).encode('ab'),
    ).toEqual([1, 7]);
  });
});
