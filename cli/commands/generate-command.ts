import { Option, type Command } from 'commander';
import type { UseOptions } from '../../api/export/encoder-use.ts';
import type { GenerateOptions } from '../../api/generate-picture.ts';
import { schedulerNames } from '../../models/sampling/scheduler-names.ts';
import { print, printMessage } from '../print.ts';
import { ProgressBar } from '../progress/progress-bar.ts';
import { leaveInterruptsToSystem } from '../signals.ts';
import { encoderMix } from '../encoder-mix-value.ts';
import { collect, denoisingSteps, guidance, real, seed } from '../values.ts';

type Options = Omit<GenerateOptions, 'model' | 'mix'> &
  UseOptions & { mix?: string[]; blendSteps?: number; json?: true };

/**
 * Adds `textcraftor generate`: makes pictures from prompts, with the model's own text encoder, another one, or a blend
 * of both.
 */
export function register(program: Command): void {
  const command = program
    .command('generate')
    .description('make pictures from prompts with a Stable Diffusion model')
    .option(
      '--model <dir>',
      'diffusers folder of the model, or owner/name[@revision] on the Hugging Face hub (default: the model that the named encoder was tuned for)',
    )
    .requiredOption('--prompt <text>', 'text of a picture; repeat the option for more pictures in one batch', collect)
    .requiredOption('--out <dir>', 'folder for the pictures: 0000.png, 0001.png, ...');
  addNetworkOptions(command)
    .option('--negative <text>', 'negative prompt: what the pictures should not show', '')
    .option('--steps <n>', 'denoising steps', denoisingSteps, 25)
    .addOption(new Option('--scheduler <name>', 'the sampling method').choices(schedulerNames).default('ddim'))
    .option('--guidance <g>', 'scale of classifier-free guidance; 1 for none', guidance, 7.5)
    .option('--seed <s>', 'seed of the start noise', seed, 0)
    .addOption(
      new Option(
        '--latents <file>',
        "start noise instead of --seed: a safetensors file's tensor `latents` [B, C, h, w]",
      ).conflicts('seed'),
    )
    .option('--save-tensors <file>', 'write `latents` [B, C, h, w] and `images` [B, 3, H, W] in [0, 1] as safetensors')
    .option('--force', 'replace pictures and tensors that exist')
    .option('--json', 'print one JSON object: {images: [path], tensors?: path, used?: description of the networks}')
    .action(makePictures);
}

/** Adds the options that replace the model's networks, or adapt them. */
const addNetworkOptions = (command: Command): Command =>
  command
    .option(
      '--text-encoder <encoder>',
      "a tuned text encoder to use in place of the model's: a folder, a safetensors file, a run (its id, or latest) or a registered encoder (tiny@3, production); the latter two with their tuned UNet, if any",
    )
    .option(
      '--unet <unet>',
      "a tuned UNet to use in place of the model's: a folder, a safetensors file, or the name of a run or a registered encoder",
    )
    .addOption(
      new Option(
        '--as <use>',
        'how to use an encoder of a run or a registry: exported, its files in all steps, or evaluated, as it was chosen, blended in the last steps (default: exported, unless --blend or --last-steps is given)',
      ).choices(['exported', 'evaluated']),
    )
    .addOption(
      new Option(
        '--mix <encoder=weight,...>',
        "text encoders whose embeddings are mixed, and their weights, such as neon=0.6,3d=0.4: folders, files, runs or registered encoders; the model's own encoder gets the rest of 1",
      )
        .argParser(collect)
        .conflicts(['textEncoder', 'lora', 'blend', 'as']),
    )
    .option('--lora <file>', 'a LoRA file or folder with adapters of the text encoder, the UNet or both')
    .option(
      '--blend <w>',
      "weight of the tuned encoder's embeddings; the model's own get 1 - w (default: 1, or as it was chosen)",
      real(-10, 10),
    )
    .option(
      '--last-steps <k>',
      'use the tuned networks in the last k denoising steps only (default: in all)',
      denoisingSteps,
    )
    .addOption(
      new Option('--blend-steps <k>', 'the former name of --last-steps')
        .argParser(denoisingSteps)
        .conflicts('lastSteps')
        .hideHelp(),
    );

async function makePictures({ blendSteps, mix, ...options }: Options): Promise<void> {
  leaveInterruptsToSystem();
  const { generate } = await import('../../api/generate-picture.ts');
  const bar = new ProgressBar(process.stderr, 'count');
  const progress = (done: number, total: number) => {
    if (process.stderr.isTTY) bar.show('denoising steps', done, total);
  };
  const { localModel } = await import('../../api/hub/hub-models.ts');
  const { hubOptions } = await import('../hub-options.ts');
  const { useEncoder } = await import('../../api/export/encoder-use.ts');
  const { useMix } = await import('../../api/encoders/encoder-mix.ts');
  const { projectHome } = await import('../project-home.ts');
  const lastSteps = options.lastSteps ?? blendSteps;
  const named = { ...options, ...(lastSteps ? { lastSteps } : {}) };
  const chosen = mix
    ? { ...named, ...(await useMix(projectHome(), { ...named, mix: encoderMix(mix) })) }
    : await useEncoder(projectHome(), named);
  if (chosen.used !== undefined) printMessage(chosen.used);
  const result = await generate(
    { ...chosen, model: await localModel(chosen.model, process.cwd(), hubOptions()) },
    {
      progress,
      warn: (line) => printMessage(`${line}`),
    },
  );
  print(options.json ? JSON.stringify(result, null, 2) : result.images.join('\n'));
}
