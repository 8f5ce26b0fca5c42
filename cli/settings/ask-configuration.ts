import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { rewardChoices, usualRewards, type Answers } from '../../api/settings/configuration-template.ts';
import { CancelledError } from '../../common/errors.ts';
import { visible } from '../../common/text/visible.ts';

/**
 * Asks the three questions of `textcraftor init`; an empty answer takes the default in brackets.
 * @throws CancelledError when the input ends or Ctrl-C is pressed
 */
export async function askConfiguration(
  input: Readable,
  output: Writable,
): Promise<Pick<Answers, 'model' | 'prompts' | 'rewards'>> {
  const lines = createInterface({ input, output });
  const ended = new AbortController();
  for (const event of ['SIGINT', 'close'] as const) lines.on(event, () => ended.abort());
  const say = (text: string): void => void output.write(`${visible(text)}\n`);
  const ask = async (question: string, fallback: string): Promise<string> => {
    const answer = await lines
      .question(`${visible(question)}${fallback === '' ? '' : ` [${fallback}]`}: `, { signal: ended.signal })
      .catch(() => undefined);
    if (answer === undefined)
      throw new CancelledError('No configuration was written: the questions were not answered.');
    return answer.trim() || fallback;
  };
  try {
    const model = await ask('Which model? gallery or shapes (embedded), a diffusers folder, or owner/name', 'gallery');
    const isEmbedded = model === 'gallery' || model === 'shapes';
    const prompts = await untilGiven(() =>
      ask('Which prompts? A file, folder or pattern, or hf://datasets/OWNER/NAME', isEmbedded ? model : ''),
    );
    say('What to reward?');
    for (const { name, what } of rewardChoices(model)) say(`  ${name}: ${what}`);
    return { model, prompts, rewards: await askRewards(model, ask, say) };
  } finally {
    lines.close();
  }
}

async function untilGiven(ask: () => Promise<string>): Promise<string> {
  for (;;) {
    const answer = await ask();
    if (answer !== '') return answer;
  }
}

async function askRewards(
  model: string,
  ask: (question: string, fallback: string) => Promise<string>,
  say: (text: string) => void,
): Promise<string[]> {
  const known = rewardChoices(model).map(({ name }) => name);
  for (;;) {
    const answer = await ask('Their names, with commas', usualRewards(model).join(','));
    const names = rewardNames(answer);
    const unknown = names.filter((name) => !known.includes(name));
    if (unknown.length === 0) return names;
    say(`There is no reward ${unknown.join(', ')}.`);
  }
}

/** Splits a list of names at its commas. */
export const rewardNames = (text: string): string[] => [
  ...new Set(
    text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  ),
];
