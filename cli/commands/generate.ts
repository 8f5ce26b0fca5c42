import { InvalidArgumentError, type Command } from 'commander';
import type { GenerateOptions } from '../generate.ts';

const number =
  (accepts: (value: number) => boolean, expected: string) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !accepts(value)) throw new InvalidArgumentError(`Expected ${expected}.`);
    return value;
  };
const count = number((n) => Number.isInteger(n) && n > 0, 'a positive integer');
const finite = number(Number.isFinite, 'a number');
const seed = number((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32, 'an integer from 0 to 4294967295');

/** Adds `textcraftor generate`: pictures from prompts, under the model's own text encoder, another one, or a blend of both. */
export function register(program: Command): void {
  program
    .command('generate')
    .description('make pictures from prompts with a Stable Diffusion model')
    .requiredOption('--model <dir>', 'diffusers folder of the model, or owner/name[@revision] on the Hugging Face hub')
    .requiredOption(
      '--prompt <text>',
      'what to picture; give it again for more pictures in one batch',
      (text, all: string[] = []) => [...all, text],
    )
    .requiredOption('--out <dir>', 'folder for the pictures: 0000.png, 0001.png, ...')
    .option(
      '--text-encoder <path>',
      "a tuned text encoder to use in place of the model's: a folder, a safetensors file, or a registered one such as production",
    )
    .option('--unet <path>', "a tuned UNet to use in place of the model's: a folder or a safetensors file")
    .option('--lora <file>', 'a LoRA file with adapters of the text encoder, the UNet or both')
    .option(
      '--blend <w>',
      "weight of the tuned encoder's embeddings, 1 - w being the model's own (default: the registered one's, or 1)",
      finite,
    )
    .option('--blend-steps <k>', 'use the tuned networks in the last k steps only (default: in all)', count)
    .option('--negative <text>', 'what to keep away from', '')
    .option('--steps <n>', 'steps from noise to picture', count, 25)
    .option('--scheduler <name>', 'ddim, pndm, dpm-solver++ or euler', 'ddim')
    .option('--guidance <g>', 'scale of classifier-free guidance; 1 for none', finite, 7.5)
    .option('--seed <s>', 'seed of the start noise', seed, 0)
    .option('--latents <file>', "start noise: a safetensors file's tensor `latents` [B, C, h, w]")
    .option('--save-tensors <file>', 'write `latents` [B, C, h, w] and `images` [B, 3, H, W] in [0, 1] as safetensors')
    .option('--json', 'print one JSON object: {images: [path], tensors?: path}')
    .action(async (options: GenerateOptions & { json?: true }) => {
      const { generate } = await import('../generate.ts');
      const progress = (done: number, total: number) => {
        if (process.stderr.isTTY) process.stderr.write(`\rstep ${done}/${total}${done === total ? '\n' : ''}`);
      };
      const { localModel } = await import('../hub/models.ts');
      const model = await localModel(options.model, process.cwd());
      const result = await generate(
        { ...(await withRegistered(options)), model },
        {
          progress,
          warn: (line) => console.error(`textcraftor: ${line}`),
        },
      );
      console.log(options.json ? JSON.stringify(result, null, 2) : result.images.join('\n'));
    });
}

/** The options with a registered encoder's files and blend in place of its name. */
async function withRegistered(options: GenerateOptions): Promise<GenerateOptions> {
  if (options.textEncoder === undefined) return options;
  const { pathOrRegistered } = await import('../registry/encoder.ts');
  const { projectHome } = await import('../home.ts');
  const { textEncoder, unet, blend } = await pathOrRegistered(projectHome(), options.textEncoder);
  return {
    ...(blend === undefined ? {} : { blend }),
    ...(unet === undefined ? {} : { unet }),
    ...options,
    textEncoder,
  };
}
