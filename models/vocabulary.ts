import { InputError } from '../common/errors.ts';

/** Makes sure that a model has an embedding for each token that its tokenizer may give. @param whose for the message */
export function requireVocabulary(whose: string, tokenizer: { readonly size: number }, vocabSize: number): void {
  if (tokenizer.size > vocabSize)
    throw new InputError(
      `${whose}: its tokenizer has ${tokenizer.size} tokens, the model a vocab_size of ${vocabSize}. ` +
        'Use the tokenizer that the model was trained with.',
    );
}
