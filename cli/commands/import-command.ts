import { Option, type Command } from 'commander';
import type { ImportOptions } from '../../api/import-model.ts';
import { print } from '../print.ts';
import { leaveInterruptsToSystem } from '../signals.ts';
import { storedType } from '../stored-type.ts';

/** Adds `textcraftor import`. */
export function register(program: Command): void {
  program
    .command('import')
    .description('convert a single-file checkpoint of Stable Diffusion (.safetensors, .ckpt) to a diffusers folder')
    .argument('<file>', 'the checkpoint, or owner/name/FILE on the Hugging Face hub')
    .requiredOption('--out <dir>', 'a new folder')
    .option(
      '--config <model>',
      "a diffusers folder, or owner/name on the hub, with the checkpoint's configuration (default: Stable Diffusion 1's or 2's)",
    )
    .option('--tokenizer <path>', "a tokenizer folder or bpe_simple_vocab_16e6.txt.gz (default: --config's)")
    .addOption(storedType())
    .addOption(
      new Option(
        '--prediction-type <type>',
        "prediction type of the UNet, which Stable Diffusion 2's checkpoints do not record",
      ).choices(['epsilon', 'v_prediction']),
    )
    .option('--json', 'print one JSON object: {model: path}')
    .action(async (file: string, options: Omit<ImportOptions, 'hub'> & { json?: true }) => {
      leaveInterruptsToSystem();
      const { importModel } = await import('../../api/import-model.ts');
      const { hubOptions } = await import('../hub-options.ts');
      const model = await importModel(file, { ...options, hub: hubOptions() });
      print(options.json ? JSON.stringify({ model }, null, 2) : model);
    });
}
