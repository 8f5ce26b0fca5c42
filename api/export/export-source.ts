import { resolve } from 'node:path';
import { InputError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { encoderNamed, judgedEncoder, namedUnet } from '../encoders/find-encoder.ts';
import type { JudgedEncoder } from '../encoders/judged-encoder.ts';
import { encoderOfVersion } from '../encoders/registered-encoder.ts';

/** The networks to export, as a user names them. At most one of `run`, `version` and `textEncoder` may be given. */
export interface Source {
  /** A run or a registered encoder. */
  run?: string | undefined;
  version?: string | undefined;
  /** A path, or a name of the same kinds. */
  textEncoder?: string | undefined;
  /** The diffusers folder of the model; required with paths. */
  model?: string | undefined;
  /** A path, or the name of a run or registered encoder whose UNet is used. */
  unet?: string | undefined;
  lora?: string | undefined;
  /** Share of the tuned encoder's weights. */
  blend?: number | undefined;
}

/** The networks to export; the others are the model's own. */
export interface NetworksToExport {
  model: string;
  textEncoder?: string;
  unet?: string;
  lora?: string;
  /** Share of `textEncoder`'s weights still to be applied: 1 for a file that already holds a blend. */
  blend: number;
  /** Share of the tuned weights in the exported file, and the encoder's training step where it is known. */
  weight?: number;
  step?: number;
  judged?: JudgedEncoder;
  /** Reasons why no arm of an evaluation used exactly these networks; empty when one did. */
  unlike: string[];
}

/**
 * Finds the networks to export. For a run or a registered encoder they are the files that its evaluation judged as
 * exported, unless other networks or another share of the weights are requested.
 * @throws InputError when no encoder or more than one is named, or the encoder has no exported form
 * @example
 * ```ts
 * import { networksToExport } from './api/export/export-source.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { model, textEncoder, blend } = await networksToExport(new Home('.textcraftor'), { run: 'latest' });
 * ```
 */
export async function networksToExport(home: Home, source: Source): Promise<NetworksToExport> {
  const { run, version, textEncoder, model, lora, blend } = source;
  const given = [run, version, textEncoder].filter((each) => each !== undefined).length;
  const other = source.unet === undefined ? undefined : await namedUnet(home, source.unet);
  const extra = { ...(other ? { unet: other.path } : {}), ...(lora === undefined ? {} : { lora }) };
  if (given === 0 && model !== undefined && (source.unet ?? lora) !== undefined)
    return { blend: 1, model, ...extra, unlike: [FROM_PATHS] };
  if (given !== 1)
    throw new InputError(
      'Say which encoder to export: a run (its id, or latest) or a registered encoder, --version, --text-encoder, or --unet or --lora with --model.',
    );
  const judged = await judgedOf(home, source);
  if (!judged) {
    if (model === undefined)
      throw new InputError('--text-encoder needs --model, the diffusers folder that the encoder was tuned for.');
    const share = blend ?? 1;
    return { model, textEncoder: textEncoder!, blend: share, weight: share, ...extra, unlike: [FROM_PATHS] };
  }
  const base = model ?? judged.model;
  if (base === undefined)
    throw new InputError(
      `${judged.label} needs --model, the diffusers folder that the encoder was tuned for: it does not record one.`,
    );
  const own = blend === undefined ? asExported(judged) : shareOf(judged, blend);
  const unlike = [
    ...own.unlike,
    ...(model === undefined || judged.model === undefined || resolve(model) === resolve(judged.model)
      ? []
      : ['the model folder is not the one it was judged with']),
    ...(other === undefined || other.path === own.unet ? [] : ['the UNet is not the one that was judged']),
    ...(lora === undefined ? [] : ['a LoRA is merged into it']),
  ];
  return { ...own, ...extra, model: base, judged, unlike };
}

const FROM_PATHS = 'no known evaluation used these networks in all steps';

async function judgedOf(home: Home, { run, version, textEncoder }: Source): Promise<JudgedEncoder | undefined> {
  if (version !== undefined) return encoderOfVersion(home, version);
  if (textEncoder !== undefined) return judgedEncoder(home, textEncoder);
  return encoderNamed(home, run!);
}

function asExported({ exported, label, chosen }: JudgedEncoder): Omit<NetworksToExport, 'model'> {
  if (!exported)
    throw new InputError(
      `${label} exports nothing: no weight of the tuned encoder was better than the original in all steps. Use it in the last steps with textcraftor generate --as evaluated, or export a share of it with --blend, such as ${chosen.blend}.`,
    );
  const { textEncoder, step, weight, unet } = exported;
  return { textEncoder, step, weight, blend: 1, ...(unet === undefined ? {} : { unet }), unlike: [] };
}

/** The chosen encoder with a share of its weights that the user gives. */
function shareOf(judged: JudgedEncoder, blend: number): Omit<NetworksToExport, 'model'> {
  const { chosen, exported } = judged;
  if (exported?.weight === blend && exported.step === chosen.step) return asExported(judged);
  const { textEncoder, step, unet } = chosen;
  const unlike = [
    `${blend} of the tuned encoder's weights in all steps is not the exported form that was judged${exported ? `, which has ${exported.weight}` : ''}`,
  ];
  return { textEncoder, step, weight: blend, blend, ...(unet === undefined ? {} : { unet }), unlike };
}
