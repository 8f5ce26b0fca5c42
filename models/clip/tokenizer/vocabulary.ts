import { InputError } from '../../../common/errors.ts';

export interface Vocabulary {
  /** The largest id + 1. */
  readonly size: number;
  /** Ids of the tokens that were added, by content. */
  readonly added?: ReadonlyMap<string, number>;
}

/** Makes sure that a model has an embedding for each token that its tokenizer may give. @param whose for the message */
export function requireVocabulary(whose: string, tokenizer: Vocabulary, vocabSize: number): void {
  if (tokenizer.size > vocabSize)
    throw new InputError(
      `${whose}: its tokenizer has ${tokenizer.size} tokens, the model a vocab_size of ${vocabSize}${addedBeyond(tokenizer, vocabSize)}. ` +
        'Use the tokenizer that the model was trained with.',
    );
}

/** Added tokens that a model has no embeddings for, in words; nothing where there are none. */
function addedBeyond({ added }: Vocabulary, vocabSize: number): string {
  const beyond = [...(added ?? [])].filter(([, id]) => id >= vocabSize).map(([token, id]) => `"${token}" (${id})`);
  const more = beyond.length > SHOWN ? ` and ${beyond.length - SHOWN} more` : '';
  return beyond.length === 0 ? '' : `; no embedding for the added ${beyond.slice(0, SHOWN).join(', ')}${more}`;
}
const SHOWN = 3;
