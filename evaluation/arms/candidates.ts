import { tunedEncoders, tunedUnets, type Kept } from '../comparison/setup.ts';

/** An encoder at a weight of its embeddings, and a UNet, to be chosen together. */
export interface Candidate {
  step: number;
  /** Absent for the original one: step 0. */
  encoder?: string;
  blend: number;
  unetStep?: number;
  unet?: string;
}

/** Networks that the tuning stages kept. */
export interface Tuned {
  encoders: Kept;
  /** UNets of tune-unet, or those tuned together with the encoders. */
  unets: Kept;
  /** Both were tuned together, so each UNet belongs to the encoder of its step. */
  joint: boolean;
}

/** @param tuneUnet undefined if there is no such stage */
export async function readTuned(tuneEncoder: string, tuneUnet: string | undefined): Promise<Tuned> {
  const encoders = await tunedEncoders(tuneEncoder);
  return tuneUnet === undefined
    ? { encoders, unets: await tunedUnets(tuneEncoder), joint: true }
    : { encoders, unets: await tunedUnets(tuneUnet), joint: false };
}

/**
 * Lists every kept encoder at each blend; if a UNet was tuned after them, also each of its kept steps with the final
 * encoder, which it was tuned for, at each blend; if both were tuned at once, each step's pair at each blend.
 */
export function candidates({ encoders, unets, joint }: Tuned, blends: readonly number[]): Candidate[] {
  const positive = blends.filter((blend) => blend > 0);
  const at = (encoder: Kept[number], unet?: Kept[number]): Candidate[] =>
    positive.map((blend) => ({
      step: encoder.step,
      encoder: encoder.path,
      blend,
      ...(unet ? { unetStep: unet.step, unet: unet.path } : {}),
    }));
  if (joint)
    return encoders.flatMap((encoder) =>
      at(
        encoder,
        unets.find(({ step }) => step === encoder.step),
      ),
    );
  return [...encoders.flatMap((encoder) => at(encoder)), ...unets.flatMap((unet) => at(encoders.at(-1)!, unet))];
}
