import fc from 'fast-check';
import { dirname, join, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../common/errors.ts';
import { identifier, isIdentifier, pathSegment, type IdentifierKind } from '../../common/identifiers.ts';
import { plain } from '../../common/text/short.ts';

const good: Record<IdentifierKind, string[]> = {
  run: ['tiny-20261124-030000', 'tiny-20261124-030000-2', 'a', 'A.b_c'],
  stage: ['ingest', 'tune-encoder', 'a1'],
  name: ['tiny', 'sd15-red', '3'],
  schedule: ['nightly', 'every-6-hours'],
  alias: ['green', 'a-b'],
  partition: ['2026-11-24', '1999-01-31'],
  digest: ['0123456789abcdef'.repeat(4)],
  queue: ['textcraftor-0123456789ab', 'test'],
  request: ['01a20fcb-3bbb-7191-8e49-5f91bb03129e 1'],
};
const kinds = Object.keys(good) as IdentifierKind[];
/** Identifiers by kind; some kinds become a file name or a path. */
const named = kinds.filter((kind) => kind !== 'request');

/** Texts that could lead out of a folder, to a wrong folder, or into a shell, a log or an object. */
const hostile = [
  '',
  '.',
  '..',
  '../evil',
  '../../../evil',
  '..\\evil',
  '/etc/passwd',
  'a/b',
  'a\\b',
  'a/../../b',
  '~',
  '~root',
  '-rf',
  '.hidden',
  'a\0b',
  'a\nb',
  'a\n',
  '\u001b[2J',
  '$(touch x)',
  '`touch x`',
  'a;b',
  'a b\t',
  '%2e%2e%2f',
  'ａ', // a letter of full width
  'a\u202Eb',
  '__proto__',
  'a'.repeat(1000),
];
const notText = [undefined, null, 0, 7, true, {}, [], ['tiny'], { toString: () => 'tiny' }, Symbol('x'), 5n];

/** Texts made of the characters of paths, and others. */
const texts = fc.oneof(
  fc.string({
    unit: fc.constantFrom('.', '/', '\\', '~', '-', 'a', 'Z', '0', '\0', ' ', '\n', '%', ':'),
    maxLength: 12,
  }),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.array(fc.constantFrom('..', '.', 'a', ''), { maxLength: 6 }).map((parts) => parts.join('/')),
);

describe.each(kinds)('%s', (kind) => {
  it('accepts identifiers that the program makes', () => {
    for (const value of good[kind]) expect(identifier(kind, value)).toBe(value);
  });

  it('refuses what is hostile, and says what is expected on one plain line', () => {
    for (const value of [...hostile, ...notText]) {
      expect(isIdentifier(kind, value), plain(value)).toBe(false);
      const refused = expect(() => identifier(kind, value));
      refused.toThrow(InputError);
      refused.toThrow(/^[\x20-\x7e]{1,300}$/);
    }
  });
});

describe('an identifier', () => {
  it.each(named)('never leads out of its folder: %s', (kind) => {
    fc.assert(
      fc.property(texts, (text) => {
        if (!isIdentifier(kind, text)) return;
        const path = resolve(join('/home/runs', text));
        expect(dirname(path)).toBe('/home/runs');
        expect(path).toBe(`/home/runs${sep}${text}`);
        expect(pathSegment(text)).toBe(text); // the second line lets pass what the first does
      }),
      { numRuns: 2000 },
    );
  });

  it.each(kinds)('is not a key that every object has: %s', (kind) => {
    for (const key of ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf'])
      if (isIdentifier(kind, key)) expect(['run', 'name', 'schedule', 'queue']).toContain(kind); // kinds that are never keys of objects
  });

  it('of a run is not the word for the last run', () => {
    expect(isIdentifier('run', 'latest')).toBe(false);
    expect(isIdentifier('run', 'latest-20261124-030000')).toBe(true);
  });
});

describe('a path segment', () => {
  it('stays in its folder, whatever it contains', () => {
    fc.assert(
      fc.property(texts, (text) => {
        let segment: string;
        try {
          segment = pathSegment(text);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          return;
        }
        expect(resolve('/srv/home', segment)).toBe(`/srv/home/${text}`);
        expect(text.startsWith('.')).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});
