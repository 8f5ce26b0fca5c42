import { InvalidArgumentError, Option, type Command } from 'commander';
import type { ExportOptions, Format, Naming } from '../../api/export/export-model.ts';
import { print, printError, printMessage } from '../print.ts';
import { leaveInterruptsToSystem } from '../signals.ts';
import { storedType } from '../stored-type.ts';
import { real } from '../values.ts';

const FORMATS: readonly Format[] = ['diffusers', 'text-encoder', 'onnx'];
const NAMINGS: readonly Naming[] = ['transformers', 'checkpoint'];

interface Options {
  model?: string;
  textEncoder?: string;
  unet?: string;
  lora?: string;
  version?: string;
  blend?: number;
  out: string;
  formats: Format[];
  dtype: ExportOptions['dtype'];
  naming: Naming;
  json?: true;
}

function formats(text: string): Format[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  const unknown = names.find((name) => !FORMATS.includes(name as Format));
  if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is not one of ${FORMATS.join(', ')}.`);
  return FORMATS.filter((name) => names.includes(name));
}

/** Adds `textcraftor export`. */
export function register(program: Command): void {
  program
    .command('export')
    .description('write a tuned text encoder in the formats that other programs read')
    .argument('[run]', 'the run (its id, or latest) or registered encoder (tiny@3, production) to export')
    .option(
      '--text-encoder <encoder>',
      'a tuned text encoder (folder or safetensors file), or the name of a run or a registered one',
    )
    .option(
      '--unet <unet>',
      'a tuned UNet (folder or safetensors file), or the name of a run or a registered one (default: the chosen one)',
    )
    .option('--lora <file>', 'a LoRA file or folder to merge into the text encoder, the UNet or both')
    .option('--version <version>', 'a registered encoder, such as production or tiny@3; its name alone works too')
    .option('--model <dir>', "diffusers folder of the model (default: the run's)")
    .requiredOption('--out <dir>', 'a new folder')
    .option(
      '--formats <list>',
      `any of ${FORMATS.join(',')}: a diffusers folder, the encoder alone as safetensors, ONNX models`,
      formats,
      [...FORMATS],
    )
    .option(
      '--blend <w>',
      "weights are w times the tuned ones and 1 - w times the model's own (default: the share judged best in all steps, or 1)",
      real(0, 1),
    )
    .addOption(storedType())
    .addOption(
      new Option(
        '--naming <scheme>',
        "names in the encoder's own file: text_model..., or as in a single-file checkpoint",
      )
        .choices(NAMINGS)
        .default('transformers'),
    )
    .option(
      '--json',
      'print one JSON object: {model, textEncoder?, unet?, step?, blend, judged, notes: [...], formats: {FORMAT: path}, peakBytes}',
    )
    .action(writeExport);
}

async function writeExport(run: string | undefined, options: Options): Promise<void> {
  leaveInterruptsToSystem();
  const { networksToExport } = await import('../../api/export/export-source.ts');
  const { projectHome } = await import('../project-home.ts');
  const { exportModel } = await import('../../api/export/export-model.ts');
  const { cardOf, exportNotes, isJudged } = await import('../../api/export/model-card.ts');
  const { formatBytes } = await import('../../common/text/format.ts');
  const { peakBytes } = await import('../../common/peak-memory.ts');
  const { localModel } = await import('../../api/hub/hub-models.ts');
  const { hubOptions } = await import('../hub-options.ts');
  if (options.model !== undefined) options.model = await localModel(options.model, process.cwd(), hubOptions());
  const { json, formats, out, dtype, naming } = options;
  const { weight, step, judged, unlike, ...networks } = await networksToExport(projectHome(), { ...options, run });
  const facts = { model: networks.model, judged, unlike, weight, dtype, formats };
  const card = await cardOf(facts, networks.textEncoder);
  const paths = await exportModel({ ...networks, formats, out, dtype, naming, card });
  const notes = exportNotes(facts);
  for (const note of notes) printMessage(note);
  if (!json) printError(`peak memory ${formatBytes(peakBytes())}`);
  const { blend, ...files } = networks;
  const result = {
    ...files,
    ...(step === undefined ? {} : { step }),
    blend: weight ?? blend,
    judged: isJudged(facts),
    notes,
    formats: paths,
    peakBytes: peakBytes(),
  };
  print(json ? JSON.stringify(result, null, 2) : Object.values(paths).join('\n'));
}
