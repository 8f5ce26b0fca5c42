import { InputError } from '../../common/errors.ts';

/** What JavaScript and Python read alike: names, dots, alternatives, groups, classes of letters, repetitions, anchors. */
const parts = /^(?:[\w.*+?|^$]|\\[.dw]|\((?:\?:|(?!\?))|\)|\[\^?[\w.-]+\]|\{\d+(?:,\d*)?\})*$/;
/** A repeated group with a repetition in it may be tried in exponentially many ways. */
const nested = /\([^()]*[*+{][^()]*\)[*+{]/;
const [mostRepetitions, longest] = [3, 500];

/**
 * The first key of PEFT's `rank_pattern` or `alpha_pattern` that is a layer's: a regular expression for its name, or for the
 * end of it behind a dot (PEFT's `get_pattern_key`).
 * @param spellings the layer's names
 * @throws InputError that names the file and the key, for an expression that Python could take otherwise
 */
export function patternOf(keys: readonly string[], spellings: readonly string[], source: string): string | undefined {
  return keys.find((key) => {
    const pattern = compiled(key, source);
    return spellings.some((name) => {
      if (name.length > longest)
        throw new InputError(`${source}: the layer ${name.slice(0, 80)}… has too long a name.`);
      return pattern.test(name);
    });
  });
}

function compiled(key: string, source: string): RegExp {
  const refused = (said: string) =>
    new InputError(`${source}: the pattern ${JSON.stringify(key)} ${said}; write it as the layers' names.`);
  if (!parts.test(key)) throw refused('may hold only names, ".", "|", groups, classes and repetitions');
  const repetitions = key.match(/[*+]|\{\d+,\d*\}/g) ?? [];
  if (repetitions.length > mostRepetitions || nested.test(key)) throw refused('has too many repetitions');
  try {
    return new RegExp(`^(?:.*\\.)?(?:${key})$`);
  } catch {
    throw refused('is not a regular expression');
  }
}
