import type { Command } from 'commander';

interface CommandModule {
  register(program: Command): void;
}

/** The commands in the order of the help. A module is loaded when its command is called or help is requested. */
const commands: Record<string, () => Promise<CommandModule>> = {
  run: () => import('./run.ts'),
  resume: () => import('./resume.ts'),
  plan: () => import('./plan.ts'),
  status: () => import('./status.ts'),
  list: () => import('./list.ts'),
  logs: () => import('./logs.ts'),
  pause: () => import('./pause.ts'),
  cancel: () => import('./cancel.ts'),
  report: () => import('./report.ts'),
  trace: () => import('./trace.ts'),
  gc: () => import('./gc.ts'),
  registry: () => import('./registry.ts'),
  schedule: () => import('./schedule.ts'),
  worker: () => import('./worker.ts'),
  prompts: () => import('./prompts.ts'),
  generate: () => import('./generate.ts'),
  import: () => import('./import.ts'),
  export: () => import('./export.ts'),
  step: () => import('./step.ts'),
  paper: () => import('./paper.ts'),
  ablate: () => import('./ablate.ts'),
  world: () => import('./world.ts'),
  doctor: () => import('./doctor.ts'),
};

/** Adds the command that `args` begins with, or all commands if it is not one of them. */
export async function registerCommands(program: Command, args: readonly string[]): Promise<void> {
  const name = args[0] ?? '';
  const loaders = Object.hasOwn(commands, name) ? [commands[name]!] : Object.values(commands);
  for (const command of await Promise.all(loaders.map((load) => load()))) command.register(program);
}
