import type { Weights } from '../../engine/weights/weights.ts';

/**
 * Tensor names changed over the versions of transformers and diffusers. Networks here use one spelling; these functions
 * bring a file's names to it.
 */

/**
 * A text encoder's names with their leading `text_model.`, which transformers 5 leaves out. What belongs to a vision tower
 * beside it is left out.
 */
export function canonicalTextNames(weights: Weights): Weights {
  return textPrefix(weights) === TEXT_PREFIX
    ? new Map([...weights].filter(([name]) => name.startsWith(TEXT_PREFIX)))
    : new Map([...weights].map(([name, tensor]) => [TEXT_PREFIX + name, tensor]));
}

export const TEXT_PREFIX = 'text_model.';

/** What a text encoder's names begin with in this file. */
export const textPrefix = (weights: Weights): string =>
  [...weights.keys()].some((name) => name.startsWith(TEXT_PREFIX)) ? TEXT_PREFIX : '';

/** The VAE's attention as diffusers 0.12 and later name it: to_q, to_k, to_v, to_out.0. */
export function canonicalVaeNames(weights: Weights): Weights {
  return new Map(
    [...weights].map(([name, tensor]) => [
      name.replace(OLD_ATTENTION, (_, start, old) => start + NEW_ATTENTION[old]),
      tensor,
    ]),
  );
}

const NEW_ATTENTION: Readonly<Record<string, string>> = {
  query: 'to_q',
  key: 'to_k',
  value: 'to_v',
  proj_attn: 'to_out.0',
};
const OLD_ATTENTION = /(\.attentions\.\d+\.)(query|key|value|proj_attn)(?=\.)/;
