import { InvalidArgumentError, type Command } from 'commander';
import type { PairScore } from '../../evaluation/pairs/pair-answers.ts';
import { print, printMessage } from '../print.ts';
import { ProgressBar } from '../progress/progress-bar.ts';
import { leaveInterruptsToSystem } from '../signals.ts';
import { seed, whole } from '../values.ts';

interface DrawOptions {
  arms: [string, string];
  count: number;
  seed: number;
  out: string;
  json?: true;
}

/** Adds `textcraftor pairs`: blind pairs of a run's pictures, and what somebody's answers say. */
export function register(program: Command): void {
  const pairs = program.command('pairs').description('judge the pictures of two arms blind, side by side');
  pairs
    .command('draw', { isDefault: true })
    .description('draw pairs of pictures of a run: two arms, same prompt, same noise, sides hidden (the default)')
    .argument('[run]', 'its id, the beginning of one, or latest', 'latest')
    .option(
      '--arms <list>',
      'two arms of its evaluation: base, tuned, chosen, exported, encoder+unet ...; the second is the one to tell',
      twoArms,
      ['base', 'chosen'],
    )
    .option('--count <n>', 'number of pairs, at most evaluate.prompts', whole(1, 1_000_000), 40)
    .option('--seed <s>', 'draws the prompts and the sides', seed, 1)
    .requiredOption('--out <dir>', 'a new folder: pairs.png (or pairs-1.png ...), prompts.txt, key.json')
    .option('--json', 'print one JSON object: {run, sheets: [path], key: path}')
    .action(async (run: string, { json, ...options }: DrawOptions) => {
      leaveInterruptsToSystem();
      const { writeBlindPairs } = await import('../../api/pairs/blind-pairs.ts');
      const { projectHome } = await import('../project-home.ts');
      const bar = new ProgressBar(process.stderr, 'count');
      const progress = (done: number, total: number) => {
        if (process.stderr.isTTY) bar.show('pictures', done, total);
      };
      const written = await writeBlindPairs(projectHome(), { ...options, run }, progress);
      if (json) return print(JSON.stringify(written, null, 2));
      print(written.sheets.join('\n'));
      printMessage(`${written.key} says which side is which; look at it after judging.`);
    });
  pairs
    .command('score')
    .description('count the answers: how often the second arm was told to be the better one')
    .argument('<key>', 'key.json of the pairs')
    .argument('<answers>', 'CSV with the header pair,better, or JSON lines {"pair": 1, "better": "A"}; A, B or tie')
    .option('--json', 'print one JSON object: {arms, pairs, ties, decided, right, winRate, ci95}')
    .action(async (key: string, answers: string, { json }: { json?: true }) => {
      const { scorePairs } = await import('../../api/pairs/score-pairs.ts');
      const score = await scorePairs(key, answers);
      print(json ? JSON.stringify(score, null, 2) : describeScore(score));
    });
}

function twoArms(text: string): [string, string] {
  const [first = '', second = '', ...more] = text.split(',').map((name) => name.trim());
  if (first === '' || second === '' || more.length > 0)
    throw new InvalidArgumentError('Expected two arms with a comma between them, such as base,exported.');
  return [first, second];
}

function describeScore({ arms: [first, second], pairs, ties, decided, right, winRate, ci95 }: PairScore): string {
  if (winRate === null || ci95 === null) return `All ${pairs} pairs are ties: nothing was decided.`;
  const verdict =
    ci95[0] > 0.5
      ? `${second} looks better than ${first}`
      : ci95[1] < 0.5
        ? `${first} looks better than ${second}`
        : 'undecided: the interval includes 0.5';
  const share = (value: number): string => value.toFixed(3);
  return [
    `Told right: ${second} was called better than ${first} in ${right} of ${decided} decided pairs (${ties} of ${pairs} are ties).`,
    `Win rate ${share(winRate)}, 95 % interval ${share(ci95[0])} to ${share(ci95[1])} (Wilson): ${verdict}.`,
  ].join('\n');
}
