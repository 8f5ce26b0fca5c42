import { InputError } from '../common/errors.ts';

/** Makes sure that a reward's model has an embedding for each token that its tokenizer may give. */
export function requireVocabulary(reward: string, tokenizer: { readonly size: number }, vocabSize: number): void {
  if (tokenizer.size > vocabSize)
    throw new InputError(
      `Reward "${reward}": its tokenizer has ${tokenizer.size} tokens, the model a vocab_size of ${vocabSize}. ` +
        'Use the tokenizer that the model was trained with.',
    );
}
