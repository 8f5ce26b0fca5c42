import { Option, type Command } from 'commander';
import { COMPUTE_TYPES } from '../../engine/compute-type-names.ts';
import type { StepOptions, StepResult } from '../../api/tuning-step.ts';
import { mean } from '../../common/statistics.ts';
import { formatBytes } from '../../common/text/format.ts';
import { print } from '../print.ts';
import { leaveInterruptsToSystem } from '../signals.ts';
import { denoisingSteps, guidance } from '../values.ts';

/** Adds `textcraftor step`: writes the numbers of one training step, to compare with other implementations. */
export function register(program: Command): void {
  program
    .command('step')
    .description("write a training step's loss, rewards and gradients without applying it")
    .requiredOption('--model <dir>', 'diffusers folder of the model, or owner/name[@revision] on the Hugging Face hub')
    .requiredOption(
      '--rewards <file>',
      'YAML file with the section `rewards` of a configuration; relative paths start at the file',
    )
    .requiredOption('--prompts <file>', 'the batch: one prompt per line (.txt), or .csv, .tsv, .jsonl, .parquet')
    .requiredOption('--latents <file>', "start noise: a safetensors file's tensor `latents` [B, C, h, w]")
    .requiredOption('--steps <t>', 'DDIM steps', denoisingSteps)
    .requiredOption(
      '--grad-steps <k>',
      'number of last denoising steps through which the gradient flows (K)',
      denoisingSteps,
    )
    .option('--guidance <g>', 'scale of classifier-free guidance; 1 for none', guidance, 7.5)
    .addOption(
      new Option('--train <what>', 'the networks that get gradients')
        .choices(['encoder', 'unet', 'joint'])
        .default('encoder'),
    )
    .addOption(
      new Option('--dtype <type>', 'data type in which networks compute').choices(COMPUTE_TYPES).default('float32'),
    )
    .option('--text-encoder <path>', 'a tuned text encoder (folder or safetensors file) for the last k steps')
    .requiredOption(
      '--save-tensors <file>',
      'safetensors file for `loss` [1], `reward.NAME` [B] and `grad.PARAMETER` (of both networks: `grad.NETWORK.PARAMETER`)',
    )
    .option('--json', 'print one JSON object: {loss, rewards: {NAME: [B]}, gradientNorm, tensors: path, peakBytes}')
    .action(async (options: Omit<StepOptions, 'hub'> & { json?: true }) => {
      leaveInterruptsToSystem();
      const { step } = await import('../../api/tuning-step.ts');
      const { hubOptions } = await import('../hub-options.ts');
      const { localModel } = await import('../../api/hub/hub-models.ts');
      const hub = hubOptions();
      const result = await step({ ...options, hub, model: await localModel(options.model, process.cwd(), hub) });
      print(options.json ? JSON.stringify(result, null, 2) : formatStep(result));
    });
}

function formatStep({ loss, rewards, gradientNorm, tensors, peakBytes }: StepResult): string {
  return [
    `loss ${loss.toPrecision(7)}`,
    ...Object.entries(rewards).map(([name, values]) => `reward.${name} ${mean(values).toPrecision(7)}`),
    `gradient norm ${gradientNorm.toPrecision(7)}`,
    `peak memory ${formatBytes(peakBytes)}`,
    tensors,
  ].join('\n');
}
