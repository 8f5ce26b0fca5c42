import { InputError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { judgedEncoder } from './find-encoder.ts';
import { judgedSteps } from './judged-encoder.ts';

/** Encoders whose embeddings are mixed; the model's own encoder gets the rest of a total weight of 1. */
export type EncoderMix = readonly { readonly encoder: string; readonly weight: number }[];

export interface MixOptions {
  /** Folders, weight files, or names of judged encoders, and the weights of their embeddings. */
  mix: EncoderMix;
  model?: string | undefined;
  /** Number of last denoising steps that use the mix. Default: as many as the named encoders were judged in, or all. */
  lastSteps?: number | undefined;
  /** Denoising steps of the pictures. */
  steps: number;
}

/** A mix with names replaced by files. */
export interface UsedMix {
  model: string;
  mix: EncoderMix;
  lastSteps: number;
  /** A sentence that says which encoders are used. */
  used: string;
}

/**
 * Finds the encoders of a mix. A judged encoder stands for the tuned one that validation chose; its weight is the mix's.
 * @throws InputError for an unknown name, for encoders of different models, and when no model is given or known
 * @example
 * ```ts
 * import { useMix } from './api/encoders/encoder-mix.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const mix = [
 *   { encoder: 'neon', weight: 0.6 },
 *   { encoder: '3d', weight: 0.4 },
 * ];
 * const { used } = await useMix(new Home('.textcraftor'), { mix, steps: 8 });
 * console.log(used);
 * ```
 */
export async function useMix(home: Home, { mix, model, lastSteps, steps }: MixOptions): Promise<UsedMix> {
  const found = await Promise.all(
    mix.map(async ({ encoder, weight }) => ({ encoder, weight, named: await judgedEncoder(home, encoder) })),
  );
  const models = [...new Set(found.flatMap(({ named }) => named?.model ?? []))];
  if (model === undefined && models.length > 1)
    throw new InputError(
      `The encoders of --mix were tuned for different models, ${models.join(' and ')}: say with --model which one makes the pictures.`,
    );
  const own = model ?? models[0];
  if (own === undefined) throw new InputError('No model was given: name its diffusers folder with --model.');
  const judged = found.flatMap(({ named }) => judgedSteps(named, steps) ?? []);
  const last = lastSteps ?? (judged.length > 0 ? Math.max(...judged) : steps);
  const parts = found.map(({ encoder, weight, named }) => `${weight} of ${named?.label ?? encoder}`);
  return {
    model: own,
    mix: found.map(({ encoder, weight, named }) => ({ encoder: named?.chosen.textEncoder ?? encoder, weight })),
    lastSteps: last,
    used: `Embeddings: ${parts.join(', ')}, the rest of the model's own encoder, in the last ${last} of ${steps} steps.`,
  };
}
