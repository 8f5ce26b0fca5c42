import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { color, colorStates } from '../../../cli/color.ts';
import { registerCommands } from '../../../cli/commands/register-commands.ts';
import { arrangeHelp, helpForm } from '../../../cli/help/arrange-help.ts';
import { asTyped } from '../../../cli/typed-name.ts';
import { commandGroups, examples } from '../../../cli/help/examples.ts';

async function program(hasColors = false): Promise<{ program: Command; help: () => string }> {
  let text = '';
  const made = new Command('textcraftor').configureHelp(helpForm).configureOutput({
    writeOut: (part) => (text += part),
    getOutHasColors: () => hasColors,
  });
  await registerCommands(made, []);
  arrangeHelp(made);
  return {
    program: made,
    help: () => {
      made.outputHelp();
      return text;
    },
  };
}

/** The commands that do something, with their words. */
function leaves(command: Command, path = ''): [path: string, command: Command][] {
  if (command.commands.length === 0) return [[path, command]];
  return command.commands.flatMap((each) => leaves(each, path === '' ? each.name() : `${path} ${each.name()}`));
}

describe('the help', () => {
  it('has every command in one group, each group with an example', async () => {
    const { program: all, help } = await program();
    expect(commandGroups.flatMap(({ commands }) => commands)).toEqual(all.commands.map((each) => each.name()));
    const text = help();
    for (const { heading, example } of commandGroups) {
      expect(text).toContain(`\n${heading}\n`);
      expect(text).toContain(`  example: ${asTyped(example)}\n`);
    }
    expect(text).not.toContain('\nCommands:\n');
  });

  it('has an example of each command, with options that the command has', async () => {
    const { program: all } = await program();
    const found = leaves(all);
    expect(found.map(([path]) => path).toSorted()).toEqual(Object.keys(examples).toSorted());
    const others = commandGroups.map(({ example }): [string, string] => ['', example]);
    for (const [path, example] of [...Object.entries(examples), ...others]) {
      const words = /textcraftor ([a-z ]*)/.exec(example)![1]!;
      expect(words, example).toMatch(new RegExp(`^${path}`));
      const [, command] = found.find(([name]) => (path === '' ? words.trim().startsWith(name) : name === path))!;
      const known = command.options.flatMap(({ short, long }) => [short, long]);
      for (const [flag] of example.matchAll(/(?<= )--?[a-z-]+/g)) expect(known, example).toContain(flag);
    }
  });

  it('offers --json for every command, but for those that print data of another form', async () => {
    const without = leaves((await program()).program).filter(
      ([, command]) => !command.options.some(({ long }) => long === '--json'),
    );
    expect(without.map(([path]) => path)).toEqual(['config schema', 'prompts tokens', 'completion']);
  });

  it('has bold titles where the output takes them', async () => {
    expect((await program(true)).help()).toContain(color('bold', 'Results:'));
    expect((await program(false)).help()).not.toContain('\x1b');
  });
});

describe('colors', () => {
  afterEach(() => void vi.unstubAllEnvs());
  const terminal = { isTTY: true, hasColors: () => true } as unknown as NodeJS.WriteStream;

  it('mark the words that say how something went', () => {
    vi.stubEnv('NO_COLOR', '');
    vi.stubEnv('TERM', 'xterm');
    const text = colorStates('run-failed  failed  ok', terminal);
    expect(text).toBe(`run-failed  ${color('red', 'failed')}  ${color('green', 'ok')}`);
    expect(colorStates('+0.1 (0.0 to 0.2) better', terminal)).toContain(color('green', 'better'));
    expect(colorStates('Result: none did better than this', terminal)).not.toContain('\x1b');
  });

  it('are left out with NO_COLOR, on a simple terminal, and in a pipe', () => {
    vi.stubEnv('TERM', 'xterm');
    vi.stubEnv('NO_COLOR', '1');
    expect(colorStates('failed', terminal)).toBe('failed');
    vi.stubEnv('NO_COLOR', '');
    expect(colorStates('failed', { isTTY: false } as NodeJS.WriteStream)).toBe('failed');
    vi.stubEnv('TERM', 'dumb');
    expect(colorStates('failed', terminal)).toBe('failed');
  });
});
