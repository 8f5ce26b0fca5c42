import { resolve } from 'node:path';
import { InputError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { encoderNamed, judgedEncoder, namedUnet } from '../encoders/find-encoder.ts';
import type { JudgedEncoder } from '../encoders/judged-encoder.ts';
import { encoderOfVersion } from '../encoders/registered-encoder.ts';

/** What the command line says of the networks to export. */
export interface Source {
  /** A run or a registered encoder. At most one of these says which encoder. */
  run?: string | undefined;
  version?: string | undefined;
  /** A path, or a name as well. */
  textEncoder?: string | undefined;
  /** Needed with paths. */
  model?: string | undefined;
  /** A path, or a name whose UNet is meant. */
  unet?: string | undefined;
  lora?: string | undefined;
  /** The tuned encoder's share of the weights. */
  blend?: number | undefined;
}

/** The networks to export: those that are left out are the model's own. */
export interface NetworksToExport {
  model: string;
  textEncoder?: string;
  unet?: string;
  lora?: string;
  /** What is still to be taken of `textEncoder`'s weights: 1 of files that hold a share already. */
  blend: number;
  /** What of the tuned encoder's weights there is in the end, and its training step where it is known. */
  weight?: number;
  step?: number;
  judged?: JudgedEncoder;
  /** Why no arm of an evaluation had these networks; empty where one had. */
  unlike: string[];
}

/**
 * The networks that are meant. Those of a run or a registered encoder are the very files that its evaluation judged as
 * exported, unless other ones, or another share of the weights, are asked for.
 * @throws InputError when no encoder is meant, or several are, or nothing is handed out of it
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
      `${judged.label} needs --model, the diffusers folder that the encoder was tuned for: it does not say.`,
    );
  const own = blend === undefined ? handedOut(judged) : shareOf(judged, blend);
  const unlike = [
    ...own.unlike,
    ...(model === undefined || judged.model === undefined || resolve(model) === resolve(judged.model)
      ? []
      : ['the model is not the one that it was judged with']),
    ...(other === undefined || other.path === own.unet ? [] : ['the UNet is another one']),
    ...(lora === undefined ? [] : ['a LoRA is merged into it']),
  ];
  return { ...own, ...extra, model: base, judged, unlike };
}

const FROM_PATHS = 'no evaluation that is known had these networks in all steps';

async function judgedOf(home: Home, { run, version, textEncoder }: Source): Promise<JudgedEncoder | undefined> {
  if (version !== undefined) return encoderOfVersion(home, version);
  if (textEncoder !== undefined) return judgedEncoder(home, textEncoder);
  return encoderNamed(home, run!);
}

function handedOut({ exported, label, chosen }: JudgedEncoder): Omit<NetworksToExport, 'model'> {
  if (!exported)
    throw new InputError(
      `Nothing is handed out of ${label}: in all steps no weight of the tuned encoder was better than the original. It is for the last steps: textcraftor generate --as evaluated. To write it all the same, say how much of it with --blend, such as ${chosen.blend}.`,
    );
  const { textEncoder, step, weight, unet } = exported;
  return { textEncoder, step, weight, blend: 1, ...(unet === undefined ? {} : { unet }), unlike: [] };
}

/** A share of the chosen encoder's weights that the user names. */
function shareOf(judged: JudgedEncoder, blend: number): Omit<NetworksToExport, 'model'> {
  const { chosen, exported } = judged;
  if (exported?.weight === blend && exported.step === chosen.step) return handedOut(judged);
  const { textEncoder, step, unet } = chosen;
  const unlike = [
    `${blend} of the tuned encoder's weights in all steps is not what was handed out and judged${exported ? `, which has ${exported.weight}` : ''}`,
  ];
  return { textEncoder, step, weight: blend, blend, ...(unet === undefined ? {} : { unet }), unlike };
}
