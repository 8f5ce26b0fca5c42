import type { Command, Option } from 'commander';

/** What may follow a word: runs of the project, one of some words, or a file. */
export type Values = 'runs' | 'files' | readonly string[];

/** A command as a shell completes it. */
export interface CommandNode {
  /** Its words, such as `registry promote`; empty for the program itself. */
  path: string;
  commands: { name: string; description: string }[];
  options: OptionNode[];
  /** What its arguments are; undefined for a command without any. */
  takes?: Values;
}

export interface OptionNode {
  /** Its forms: `-n`, `--count`. */
  flags: string[];
  description: string;
  /** What follows it; undefined for an option without a value. */
  takes?: Values;
}

/** Lists the program and all of its commands, each with what may follow it. */
export function commandTree(command: Command, path = ''): CommandNode[] {
  const shown = command.createHelp();
  const commands = shown.visibleCommands(command).filter((each) => each.name() !== 'help');
  const takes = argumentsOf(command);
  const node: CommandNode = {
    path,
    commands: commands.map((each) => ({ name: each.name(), description: sentence(each.description()) })),
    options: shown.visibleOptions(command).map(optionNode),
    ...(takes === undefined ? {} : { takes }),
  };
  return [node, ...commands.flatMap((each) => commandTree(each, path === '' ? each.name() : `${path} ${each.name()}`))];
}

/** Names of arguments that stand for runs. */
const runs: readonly string[] = ['run', 'others'];

function argumentsOf({ registeredArguments: [first] }: Command): Values | undefined {
  if (!first) return undefined;
  return runs.includes(first.name()) ? 'runs' : (first.argChoices ?? 'files');
}

function optionNode({ short, long, description, required, optional, argChoices }: Option): OptionNode {
  const takes = required || optional ? { takes: argChoices ?? ('files' as const) } : {};
  return {
    flags: [short, long].filter((flag) => typeof flag === 'string'),
    description: sentence(description),
    ...takes,
  };
}

const longest = 70;

/** A short description on one line, without quotes, which shells would read. */
function sentence(text: string): string {
  const plain = text.replace(/\s+/g, ' ').replace(/[^\w .,;/()=@*-]/g, '');
  return plain.length <= longest ? plain : `${plain.slice(0, plain.lastIndexOf(' ', longest - 2))} ...`;
}
