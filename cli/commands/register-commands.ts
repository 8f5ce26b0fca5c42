import type { Command } from 'commander';

interface CommandModule {
  register(program: Command): void;
}

/** The commands in the order of the help. A module is loaded when its command is called or help is requested. */
const commands: Record<string, () => Promise<CommandModule>> = {
  init: () => import('./init-command.ts'),
  config: () => import('./config-command.ts'),
  plan: () => import('./plan-command.ts'),
  run: () => import('./run-command.ts'),
  resume: () => import('./resume-command.ts'),
  status: () => import('./status-command.ts'),
  list: () => import('./list-command.ts'),
  logs: () => import('./logs-command.ts'),
  pause: () => import('./pause-command.ts'),
  cancel: () => import('./cancel-command.ts'),
  studio: () => import('./studio-command.ts'),
  report: () => import('./report-command.ts'),
  open: () => import('./open-command.ts'),
  compare: () => import('./compare-command.ts'),
  pairs: () => import('./pairs-command.ts'),
  trace: () => import('./trace-command.ts'),
  gc: () => import('./gc-command.ts'),
  generate: () => import('./generate-command.ts'),
  export: () => import('./export-command.ts'),
  import: () => import('./import-command.ts'),
  registry: () => import('./registry-command.ts'),
  prompts: () => import('./prompts-command.ts'),
  schedule: () => import('./schedule-command.ts'),
  worker: () => import('./worker-command.ts'),
  paper: () => import('./paper-command.ts'),
  ablate: () => import('./ablate-command.ts'),
  step: () => import('./step-command.ts'),
  world: () => import('./world-command.ts'),
  doctor: () => import('./doctor-command.ts'),
  completion: () => import('./completion-command.ts'),
};

/** Commands that tell of the others. */
const describing = ['completion'];

/** Adds the command that `args` begins with, or all commands if it is not one of them or tells of them. */
export async function registerCommands(program: Command, args: readonly string[]): Promise<void> {
  const name = args[0] ?? '';
  const loaders =
    Object.hasOwn(commands, name) && !describing.includes(name) ? [commands[name]!] : Object.values(commands);
  for (const command of await Promise.all(loaders.map((load) => load()))) command.register(program);
}
