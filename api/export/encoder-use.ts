import { InputError } from '../../common/errors.ts';
import type { SamplerSettings } from '../../models/sampling/sampler-settings.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { judgedEncoder, namedUnet } from '../encoders/find-encoder.ts';
import { judgedSteps, type JudgedEncoder } from '../encoders/judged-encoder.ts';

/**
 * Use of a judged encoder: `exported`, its exported files in all steps; `evaluated`, as validation chose it, its
 * embeddings blended with the model's own in the last steps.
 */
type Use = 'exported' | 'evaluated';

export interface UseOptions {
  /** Folders, weight files, or names of judged encoders. */
  textEncoder?: string | undefined;
  unet?: string | undefined;
  model?: string | undefined;
  as?: Use | undefined;
  blend?: number | undefined;
  /** Number of last evaluations of the UNet that use it. */
  lastSteps?: number | undefined;
  /** Denoising steps of the pictures. */
  steps: number;
}

/** The options with names replaced by files. */
export type Used<O> = Omit<O, 'as' | 'model'> & {
  model: string;
  /** A sentence that says which networks are used; undefined when only paths were given. */
  used?: string;
};

/**
 * Replaces names by files. A judged encoder is used as exported, unless `as`, a blend or a number of last steps says
 * otherwise, or it has no exported form.
 * @throws InputError for an unknown name, and for options that contradict each other
 * @example
 * ```ts
 * import { useEncoder } from './api/export/encoder-use.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { model, textEncoder, used } = await useEncoder(new Home('.textcraftor'), { textEncoder: 'production', steps: 25 });
 * ```
 */
export async function useEncoder<O extends UseOptions>(home: Home, options: O): Promise<Used<O>> {
  const { as, model, ...rest } = options;
  const named = options.textEncoder === undefined ? undefined : await judgedEncoder(home, options.textEncoder);
  const unet = options.unet === undefined ? undefined : await namedUnet(home, options.unet);
  if (as !== undefined && !named)
    throw new InputError(
      '--as needs an encoder that was judged: give a run or a registered encoder with --text-encoder.',
    );
  const ownModel = model ?? named?.model ?? unet?.model;
  if (ownModel === undefined) throw new InputError('No model was given: name its diffusers folder with --model.');
  const given = unet ? { ...rest, unet: unet.path } : rest;
  return { ...given, ...(named ? inUse(named, as, given) : {}), model: ownModel };
}

function inUse(named: JudgedEncoder, as: Use | undefined, options: Omit<UseOptions, 'as' | 'model'>) {
  const { blend, lastSteps, steps } = options;
  const { label, exported, chosen, measured } = named;
  const byHand = blend !== undefined || lastSteps !== undefined;
  if (as === 'exported' && byHand)
    throw new InputError('--as exported is one encoder in all steps; leave out --blend and --last-steps.');
  if (as === 'exported' && !exported)
    throw new InputError(
      `${label} exports nothing: no weight of the tuned encoder was better than the original in all steps. Use it with --as evaluated.`,
    );
  const sampler = measured ? ` ${judgedWith(measured.sampler)}` : '';
  const withUnet = (unet: string | undefined, step: number | undefined) =>
    options.unet === undefined && unet !== undefined ? ` with the UNet of step ${step}` : '';
  if (exported && as !== 'evaluated' && !byHand)
    return {
      textEncoder: exported.textEncoder,
      ...unetOrElse(options.unet, exported.unet),
      used: `${label}: the text encoder of step ${exported.step} with ${exported.weight} of the tuned weights${withUnet(exported.unet, exported.unetStep)}, in all ${steps} steps, as exported.${sampler}`,
    };
  const judged = judgedSteps(named, steps);
  const last = lastSteps ?? judged;
  if (last === undefined)
    throw new InputError(`${label} does not say in how many of the last steps it was judged; give --last-steps.`);
  const weight = blend ?? chosen.blend;
  const asJudged = weight === chosen.blend && last === judged;
  const why = as === undefined && !byHand ? 'it exports nothing for all steps, so ' : '';
  return {
    textEncoder: chosen.textEncoder,
    ...unetOrElse(options.unet, chosen.unet),
    blend: weight,
    lastSteps: last,
    used: `${label}: ${why}the text encoder of step ${chosen.step}, ${weight} of its embeddings${withUnet(chosen.unet, chosen.unetStep)}, in the last ${last} of ${steps} steps, ${asJudged ? `as evaluated.${sampler}` : 'which is not how it was evaluated.'}`,
  };
}

const unetOrElse = (given: string | undefined, chosen: string | undefined) => {
  const unet = given ?? chosen;
  return unet === undefined ? {} : { unet };
};

const judgedWith = ({ steps, guidance, scheduler = 'ddim' }: SamplerSettings): string =>
  `It was judged with ${steps} steps of ${scheduler} and guidance ${guidance}.`;
