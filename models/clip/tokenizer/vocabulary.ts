import { InputError } from '../../../common/errors.ts';

export interface Vocabulary {
  /** The largest id + 1. */
  readonly size: number;
  /** Ids of the added tokens, by content. */
  readonly added?: ReadonlyMap<string, number>;
}

/** Checks that a model has an embedding for each of its tokenizer's tokens. @param whose the model, for messages */
export function requireVocabulary(whose: string, tokenizer: Vocabulary, vocabSize: number): void {
  if (tokenizer.size > vocabSize)
    throw new InputError(
      `${whose}: its tokenizer has ${tokenizer.size} tokens, but the model's vocab_size is ${vocabSize}${addedBeyond(tokenizer, vocabSize)}. ` +
        'Use the tokenizer that the model was trained with.',
    );
}

/** Describes the added tokens that a model has no embeddings for; empty if it has all. */
function addedBeyond({ added }: Vocabulary, vocabSize: number): string {
  const beyond = [...(added ?? [])].filter(([, id]) => id >= vocabSize).map(([token, id]) => `"${token}" (${id})`);
  const more = beyond.length > SHOWN ? ` and ${beyond.length - SHOWN} more` : '';
  return beyond.length === 0
    ? ''
    : `; it lacks embeddings for the added tokens ${beyond.slice(0, SHOWN).join(', ')}${more}`;
}
const SHOWN = 3;
