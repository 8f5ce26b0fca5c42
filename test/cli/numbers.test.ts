import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, type Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { registerCommands } from '../../cli/commands/register-commands.ts';
import { timingOf } from '../../cli/schedule/timing.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What options other than numbers are called in the help. */
const others =
  /^<(?:dir|file|path|text|name|list|encoder|unet|use|source|version|key=value|encoder=weight,\.\.\.|label|stage|step|scheme|type|what|policy|fields|day|time|when|model)>$/;

const program = new Command();
await registerCommands(program, []);

const below = (command: Command): Command[] => [command, ...command.commands.flatMap(below)];
const all = below(program).flatMap((command) =>
  command.options.filter(({ flags }) => flags.includes('<')).map((option) => ({ command, option })),
);
const placeholder = ({ flags }: Option): string => /<.*>/.exec(flags)![0];
const numeric = all.filter(({ option }) => !others.test(placeholder(option)));

/** Returns the value that an option makes of a text, or what it says of it. */
function read({ parseArg }: Option, text: string): unknown {
  try {
    return parseArg!(text, undefined);
  } catch (error) {
    if (error instanceof InvalidArgumentError) return error.message;
    throw error;
  }
}

describe('an option that is a number', () => {
  it.each(numeric.map(({ command, option }) => [`${command.name()} ${option.long}`, option] as const))(
    '%s has bounds, and says them',
    (_, option) => {
      const range = /^Expected a (whole )?number from (-?\d+) to (\d+)\.$/;
      const [, isWhole, low, high] = range.exec(String(read(option, 'many'))) ?? [];
      expect(Number(high)).toBeLessThanOrEqual(10_000_000_000);
      for (const bound of [low!, high!]) expect(read(option, bound)).toBe(Number(bound));
      for (const text of [
        '1e308',
        '-1e308',
        'NaN',
        'Infinity',
        '',
        ' ',
        '0x10',
        `${Number(high) + 1}`,
        `${Number(low) - 1}`,
      ])
        expect(read(option, text), text).toMatch(range);
      for (const text of ['1e9', '-1', '0', '1.5']) {
        const value = Number(text);
        const fits = value >= Number(low) && value <= Number(high) && !(isWhole && /[.e]/.test(text));
        expect(read(option, text), text).toEqual(fits ? value : expect.stringMatching(range));
      }
    },
  );

  it('is found by its name in the help', () => {
    expect(numeric.map(({ option }) => option.long)).toEqual(
      expect.arrayContaining(['--steps', '--seed', '--count', '--lanes', '--keep', '--port', '--blend', '--at-least']),
    );
  });

  it('is not the time of a schedule, which has a bound too', () => {
    const timing = (every: string) => () => timingOf({ every, overlap: 'skip', catchup: '7d' });
    expect(timing('3650d')()).toMatchObject({ times: { everySeconds: 3650 * 86_400 } });
    for (const every of ['3651d', '999999999999s', '1e9d', '0s', '-1d', '1.5h', ''])
      expect(timing(every), every).toThrow('expected a time such as 90s, 1m, 6h or 7d, at most 3650d.');
  });
});

describe('the largest number', () => {
  it.each([
    ['generate', '--model', 'world/shapes/base', '--prompt', 'a', '--steps', '1000000', '--out', 'OUT'],
    ['generate', '--model', 'world/shapes/base', '--prompt', 'a', '--last-steps', '1000000', '--out', 'OUT'],
    ['prompts', 'sample', '--count', '10000000', '--seed', '4294967295'],
    ['gc', '--dry-run', '--keep', '1000000', '--keep-days', '36500'],
  ])('%s %s ends soon, in a sentence if it is refused', async (...args) => {
    const home = await mkdtemp(join(tmpdir(), 'numbers-'));
    try {
      const env = { ...process.env, TEXTCRAFTOR_HOME: home, TEXTCRAFTOR_DEBUG: '' };
      const given = args.map((each) => (each === 'OUT' ? join(home, 'out') : each));
      const ended = spawnSync(process.execPath, ['cli/textcraftor.mjs', ...given], {
        cwd: root,
        encoding: 'utf8',
        env,
      });
      expect(ended.stderr).not.toContain('unexpected');
      expect([0, 2]).toContain(ended.status);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});
