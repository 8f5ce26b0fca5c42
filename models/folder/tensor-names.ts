import type { Weights } from '../../engine/weights/weights.ts';

/**
 * Tensor names have changed over the versions of transformers and diffusers. The networks here use one spelling; these
 * functions convert a file's names to it.
 */

/**
 * Adds the prefix `text_model.`, which transformers 5 omits, to a text encoder's names. Drops the tensors of a vision
 * tower in the same file.
 */
export function canonicalTextNames(weights: Weights): Weights {
  return textPrefix(weights) === TEXT_PREFIX
    ? new Map([...weights].filter(([name]) => name.startsWith(TEXT_PREFIX)))
    : new Map([...weights].map(([name, tensor]) => [TEXT_PREFIX + name, tensor]));
}

export const TEXT_PREFIX = 'text_model.';

/** Returns the prefix of a text encoder's names in this file. */
export const textPrefix = (weights: Weights): string =>
  [...weights.keys()].some((name) => name.startsWith(TEXT_PREFIX)) ? TEXT_PREFIX : '';

/** Renames the VAE's attention as in diffusers 0.12 and later: to_q, to_k, to_v, to_out.0. */
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
