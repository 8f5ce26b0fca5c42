import type { Command } from 'commander';

interface CommandModule {
  register(program: Command): void;
}

/** The commands in the order of the help; a module is loaded when its command is called or help is asked for. */
const commands: Record<string, () => Promise<CommandModule>> = {
  generate: () => import('./generate.ts'),
  generate: () => import('./generate.ts'),
  doctor: () => import('./doctor.ts'),
};

/** Adds the command that `args` begins with, or all of them when it is none of them. */
export async function registerCommands(program: Command, args: readonly string[]): Promise<void> {
  const name = args[0] ?? '';
  const loaders = Object.hasOwn(commands, name) ? [commands[name]!] : Object.values(commands);
  for (const command of await Promise.all(loaders.map((load) => load()))) command.register(program);
}
