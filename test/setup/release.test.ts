import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'scripts/release.mjs');
const today = () => new Date().toISOString().slice(0, 10);
const nobody = {
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@b.c',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@b.c',
};
const alone = { ...process.env, ...nobody, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };

const changes = (unreleased: string) => `# Changes\n\n## Unreleased\n${unreleased}\n## 0.2.0 - 2024-05-01\n\n- Old.\n`;

/** A repository whose last release was 0.2.0. */
async function repository(text = changes('\n### Added\n\n- New.\n')) {
  const folder = await temporaryFolder();
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, env: alone, encoding: 'utf8' }).trim();
  const write = (name: string, content: string) => writeFileSync(join(folder, name), content);
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  write('CHANGELOG.md', text);
  const own = { name: 'a', version: '0.2.0' };
  write('package.json', `${JSON.stringify({ ...own, dependencies: {} }, null, 2)}\n`);
  write('package-lock.json', `${JSON.stringify({ ...own, packages: { '': own, 'b/c': { version: '0.2.0' } } })}\n`);
  write('CITATION.cff', 'cff-version: 1.2.0\nversion: 0.2.0\ntitle: A\n');
  write('.gitignore', '*.tgz\n');
  for (const name of ['.npmrc', '.gitattributes']) write(name, readFileSync(join(root, name), 'utf8'));
  git('init', '--quiet', '--initial-branch', 'main');
  git('add', '.');
  git('commit', '--quiet', '--message', 'Begin');
  const release = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
      cwd: folder,
      env: alone,
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };
  return { folder, git, write, read, release };
}

it('turns what is unreleased into a version, and commits, tags and packs it', async () => {
  const { folder, git, read, release } = await repository();
  expect(release('0.3.0', '--check', 'echo checked > checked.tgz')).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining('Released 0.3.0: a-0.3.0.tgz') as string,
  });
  expect(read('CHANGELOG.md')).toBe(
    `# Changes\n\n## Unreleased\n\n## 0.3.0 - ${today()}\n\n### Added\n\n- New.\n\n## 0.2.0 - 2024-05-01\n\n- Old.\n`,
  );
  expect(JSON.parse(read('package.json'))).toMatchObject({ version: '0.3.0' });
  const lock = { version: '0.3.0', packages: { '': { version: '0.3.0' }, 'b/c': { version: '0.2.0' } } };
  expect(JSON.parse(read('package-lock.json'))).toMatchObject(lock);
  expect(read('CITATION.cff')).toBe(`cff-version: 1.2.0\nversion: 0.3.0\ndate-released: '${today()}'\ntitle: A\n`);
  expect(git('log', '-1', '--format=%s')).toBe('Release 0.3.0');
  expect(git('rev-parse', 'v0.3.0^{commit}')).toBe(git('rev-parse', 'HEAD'));
  expect(git('status', '--porcelain')).toBe('');
  expect(existsSync(join(folder, 'checked.tgz')) && existsSync(join(folder, 'a-0.3.0.tgz'))).toBe(true);
});

it('packs every file of the commit, those that the set-up reads too', async () => {
  const { folder, git, release } = await repository();
  expect(release('0.3.0', '--check', 'touch left-over.tgz')).toMatchObject({ status: 0 });
  const packed = execFileSync('tar', ['-tzf', 'a-0.3.0.tgz'], { cwd: folder, encoding: 'utf8' }).trim().split('\n');
  const files = packed.filter((path) => !path.endsWith('/')).map((path) => path.replace('a-0.3.0/', ''));
  expect(files.sort()).toEqual(git('ls-files').split('\n').sort());
  expect(files).toEqual(expect.arrayContaining(['.npmrc', 'package-lock.json']));
});

it('has a command that runs by a link to it, as npm makes one', async () => {
  const { bin, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    bin: { textcraftor: string };
    version: string;
  };
  const link = join(await temporaryFolder(), 'textcraftor');
  symlinkSync(join(root, bin.textcraftor), link);
  expect(execFileSync(link, ['--version'], { encoding: 'utf8' })).toContain(version);
});

it('releases the version of package.json when that is the first', async () => {
  const { read, release } = await repository('# Changes\n\n## Unreleased\n\n- New.\n');
  expect(release('0.2.0', '--check', 'true')).toMatchObject({ status: 0, stderr: '' });
  expect(read('CHANGELOG.md')).toBe(`# Changes\n\n## Unreleased\n\n## 0.2.0 - ${today()}\n\n- New.\n`);
});

it('shows the section and changes nothing with --dry-run', async () => {
  const { git, release } = await repository();
  const { status, stdout } = release('1.0.0', '--dry-run', '--check', 'false');
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: `## 1.0.0 - ${today()}\n\n### Added\n\n- New.\n\nNothing was changed (--dry-run).\n`,
  });
  expect([git('status', '--porcelain'), git('tag'), git('rev-list', '--count', 'HEAD')]).toEqual(['', '', '1']);
});

it.each<[string, string[], string, ((at: Awaited<ReturnType<typeof repository>>) => void)?]>([
  ['no version', [], 'Usage: npm run release -- VERSION'],
  ['an option that is not known', ['1.0.0', '--force'], '--force'],
  ['what is not a version', ['v1.0'], '"v1.0" is not a version'],
  ['the last version again', ['0.2.0'], 'Version 0.2.0 is not greater than 0.2.0'],
  ['a lower version', ['0.1.9'], 'Version 0.1.9 is not greater than 0.2.0'],
  [
    'a version below that of package.json',
    ['0.2.1'],
    'Version 0.2.1 is lower than 0.3.0',
    ({ write, git }) => {
      write('package.json', '{"version":"0.3.0"}\n');
      git('commit', '--quiet', '--all', '--message', 'Go on');
    },
  ],
  ['changes that are not committed', ['0.3.0'], 'changes that are not committed', ({ write }) => write('new.txt', 'x')],
  ['a version that has a tag', ['0.3.0'], 'There is a tag v0.3.0 already', ({ git }) => void git('tag', 'v0.3.0')],
  ['a check that fails', ['0.3.0', '--check', 'exit 3'], 'The check failed (exit 3)'],
])('refuses %s', async (_, args, message, prepare) => {
  const at = await repository();
  prepare?.(at);
  const before = [at.git('status', '--porcelain'), at.git('rev-parse', 'HEAD'), at.git('tag')];
  expect(at.release(...args)).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining(message) as string,
  });
  expect([at.git('status', '--porcelain'), at.git('rev-parse', 'HEAD'), at.git('tag')]).toEqual(before);
});

it.each([
  ['an empty section', changes(''), 'is empty'],
  ['a section with headings alone', changes('\n### Added\n'), 'is empty'],
  ['no section', '# Changes\n\n## 0.2.0\n\n- Old.\n', 'has no heading "## Unreleased"'],
])('refuses %s of what is unreleased', async (_, text, message) => {
  const { release } = await repository(text);
  expect(release('0.3.0', '--check', 'true')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining(message) as string,
  });
});
