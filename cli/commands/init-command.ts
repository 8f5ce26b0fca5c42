import type { Command } from 'commander';
import { print, say } from '../print.ts';

interface Options {
  model?: string;
  prompts?: string;
  reward?: string;
  json?: true;
}

/** Adds `textcraftor init`. */
export function register(program: Command): void {
  program
    .command('init')
    .description(
      'write a commented configuration from three questions, or from the options; `run` takes what it writes',
    )
    .argument('[config]', 'the YAML file to write; an existing one is never replaced', 'mine.yaml')
    .option(
      '--model <model>',
      'gallery or shapes (the embedded worlds), a diffusers folder, or owner/name on the Hugging Face hub',
    )
    .option(
      '--prompts <source>',
      "a file, folder or pattern, or hf://datasets/OWNER/NAME (default: an embedded model's own)",
    )
    .option('--reward <list>', 'what to reward, with commas: clip,aesthetic,preference, or clip,pickscore,hps')
    .option('--json', 'print one JSON object: {config, stages, estimatedSeconds}')
    .action(writeConfiguration);
}

/** Asks only a person at a terminal who has answered nothing by options. */
async function writeConfiguration(file: string, { model, prompts, reward, json }: Options): Promise<void> {
  const { resolve } = await import('node:path');
  const { initConfiguration, requireFree } = await import('../../api/settings/init-configuration.ts');
  const { askConfiguration, rewardNames } = await import('../settings/ask-configuration.ts');
  const { hubOptions } = await import('../hub-options.ts');
  const { projectHome } = await import('../project-home.ts');
  const { formatPlan } = await import('../run/format-plan.ts');
  requireFree(resolve(file), file);
  const given = {
    ...(model === undefined ? {} : { model }),
    ...(prompts === undefined ? {} : { prompts }),
    ...(reward === undefined ? {} : { rewards: rewardNames(reward) }),
  };
  const asks = Object.keys(given).length === 0 && process.stdin.isTTY && process.stdout.isTTY && !json;
  const answers = asks ? await askConfiguration(process.stdin, process.stdout) : given;
  const options = { file, folder: process.cwd(), hub: hubOptions(), environment: process.env, ...answers };
  const plan = await initConfiguration(projectHome(), options);
  if (json) {
    const estimatedSeconds = plan.stages.reduce((sum, { estimate }) => sum + (estimate?.seconds ?? 0), 0);
    return print(JSON.stringify({ config: file, stages: plan.stages.length, estimatedSeconds }, null, 2));
  }
  print(formatPlan(plan));
  say(`\n${file} is written; run it with: textcraftor run ${file}`);
}
