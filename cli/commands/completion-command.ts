import { Argument, type Command } from 'commander';
import { print } from '../print.ts';

/** Adds `textcraftor completion`. */
export function register(program: Command): void {
  program
    .command('completion')
    .description('print the script with which a shell completes commands, options, their values and runs')
    .addArgument(new Argument('<shell>', 'the shell that reads it').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { commandTree } = await import('../completion/command-tree.ts');
      const { bashCompletion } = await import('../completion/bash-completion.ts');
      const { zshCompletion } = await import('../completion/zsh-completion.ts');
      const { fishCompletion } = await import('../completion/fish-completion.ts');
      const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
      print(scripts[shell](commandTree(program)).trimEnd());
    });
}
