import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { alternativesOf, fitsPattern, isPattern } from '../../../common/files/pattern.ts';
import { walkFolder, walkPattern } from '../../../common/files/walk-files.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

async function filled(...names: string[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of names) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), name);
  }
  return folder;
}
const names = async (pattern: string): Promise<string[]> => (await walkPattern(pattern)).files.map(({ name }) => name);

describe('a pattern', () => {
  it.each([
    ['*.txt', 'a.txt', 'a/b.txt'],
    ['a?.txt', 'ab.txt', 'a.txt'],
    ['?', '中', 'ab'],
    ['[a-c]x', 'bx', 'dx'],
    ['[!a-c]x', 'dx', 'bx'],
    ['[!]x', '!x', 'ax'],
    ['[^a]', '^', 'b'],
    ['[\\d.]', '.', '1'],
    ['**/x', 'a/b/x', 'ax'],
    ['**/x', 'x', 'x/y'],
    ['a/**', 'a/b/c', 'b/a'],
    ['p.{csv,tsv}{,.gz}', 'p.tsv', 'p.txt'],
    ['{a/b,c}/*.txt', 'a/b/x.txt', 'a/c/x.txt'],
    ['{a,{b,c}d}', 'cd', 'c'],
    ['{a}', '{a}', 'a'],
    ['a{b', 'a{b', 'ab'],
    ['a[1', 'a[1', 'a1'],
    ['a+(b).$', 'a+(b).$', 'aab.'],
  ])('%s fits %s and not %s', (pattern, fitting, other) => {
    expect(fitsPattern(fitting, pattern)).toBe(true);
    expect(fitsPattern(other, pattern)).toBe(false);
  });

  it('with a range that runs backwards or too many alternatives is refused', () => {
    expect(() => fitsPattern('a', '[z-a]')).toThrow(/^\[z-a\]: a range in this pattern runs backwards/);
    expect(() => alternativesOf('{a,b}'.repeat(40))).toThrow(/more than 1000 patterns/);
    expect(isPattern("it's 100% #1 !x ~ $HOME")).toBe(false);
  });
});

describe('walking', () => {
  it('reads only folders in which a file can fit', async () => {
    const folder = await filled('g/a.txt', 'g/deep/b.txt', 'g/other/c.csv');
    await symlink('nowhere', join(folder, 'g/deep/lost.txt')); // would be reported if it were read
    expect(await walkPattern(join(folder, 'g/*.txt'))).toMatchObject({
      folder: join(folder, 'g'),
      files: [{ name: 'a.txt', bytes: 7 }],
      ignored: [],
    });
    expect(await names(join(folder, 'g/**/*.txt'))).toEqual(['a.txt', 'deep/b.txt']);
    expect(await names(join(folder, '*/{deep,other}/*'))).toEqual(['g/deep/b.txt', 'g/other/c.csv']);
    expect(await names(join(folder, '*/deep/b.txt'))).toEqual(['g/deep/b.txt']);
    expect(await names(join(folder, '*/none.txt'))).toEqual([]);
    await expect(walkPattern(join(folder, 'none/*.txt'))).rejects.toThrow(/the folder .*none does not exist\.$/);
  });

  it('takes a name literally as far as it exists', async () => {
    const folder = await filled('[1]/*/x[1].txt', '1/a/x1.txt', '{a,b}/y.txt', 'a/y.txt');
    expect(await names(join(folder, '[1]/*/x*.txt'))).toEqual(['x[1].txt']);
    expect(await names(join(folder, '{a,b}/*.txt'))).toEqual(['y.txt']);
    expect(await names(join(folder, '[2-9]/*'))).toEqual([]);
    expect(await names(join(folder, '[0-9]/a/*'))).toEqual(['1/a/x1.txt']);
    expect(await names(join(folder, '**/*.txt'))).toHaveLength(4);
  });

  it('reads each folder once, under its own name before a link’s, however many links lead there', async () => {
    const folder = await filled('z/x.txt');
    await symlink('z', join(folder, 'a'));
    await symlink('..', join(folder, 'z/up'));
    expect(await walkFolder(folder)).toMatchObject({
      files: [{ name: 'z/x.txt' }],
      repeated: [
        { name: 'a', as: 'z' },
        { name: 'z/up', as: '' },
      ],
    });

    const many = await filled('0/x.txt');
    for (let i = 0; i < 22; i++) {
      await mkdir(join(many, String(i)), { recursive: true });
      for (const link of ['l', 'r']) await symlink(`../${(i + 1) % 22}`, join(many, String(i), link));
    }
    for (const found of [await walkFolder(many), await walkPattern(join(many, '**/*.txt'))])
      expect(found.files.map(({ name }) => name)).toEqual(['0/x.txt']);
    expect((await walkFolder(join(many, '5'))).files).toHaveLength(1);
  });

  it('names what is not a file, and refuses a name that is not UTF-8', async () => {
    const folder = await filled('a.txt', '.hidden.txt');
    execFileSync('mkfifo', [join(folder, 'p.txt')]);
    await symlink('nowhere', join(folder, 'n.txt'));
    expect((await walkFolder(folder)).ignored).toEqual(['n.txt', 'p.txt']);
    await writeFile(Buffer.concat([Buffer.from(join(folder, 'caf')), Buffer.from([0xe9]), Buffer.from('.txt')]), 'x');
    await expect(walkFolder(folder)).rejects.toThrow(InputError);
    await expect(walkPattern(join(folder, '*.txt'))).rejects.toThrow(
      /caf\ufffd\.txt: this name is not UTF-8; rename it/,
    );
    expect(await names(join(folder, 'a*.txt'))).toEqual(['a.txt']);
  });
});
