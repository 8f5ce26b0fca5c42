import { interval, number, percent, signed } from '../report/format-numbers.ts';
import { meansOf, type Claim } from './claims.ts';
import type { CollectedRun, Results } from './paper-results.ts';
import { PICTURES_WITH_OTHER_UNETS } from './matrix.ts';

export interface Paper {
  results: Results;
  claims: readonly Claim[];
  runs: readonly CollectedRun[];
  trained: readonly string[];
  quick: boolean;
}

/** Renders the page from the numbers alone. */
export function resultsPage({ results, claims, runs, trained, quick }: Paper): string {
  const metrics = [...trained, 'heldOut', 'oracle', 'diversity'];
  const seedsOf = [...new Set(runs.map(({ seed }) => seed))];
  const seeds = seedsOf.length;
  const { prompts, samplesPerPrompt } = runs[0]!;
  const means = meansOf(results);
  const verdicts = (verdict: Claim['verdict']) => claims.filter((claim) => claim.verdict === verdict).length;
  return [
    '# The comparison on the shapes world',
    '',
    `Written by \`npm run paper${quick ? ' -- --quick' : ''}\` from measured numbers (\`docs/results.json\`): ${seeds} ${seeds === 1 ? 'seed' : 'seeds'} of tuning, ${prompts} held-out prompts, ${samplesPerPrompt} pictures of each (${PICTURES_WITH_OTHER_UNETS} with other UNets), the same start noise in every arm. Values are averaged over the seeds; intervals are 95 % bootstrap intervals over prompts, paired.`,
    ...(quick
      ? ['', 'This was a quick run with little tuning: it shows that everything works, but it is not a result.']
      : []),
    '',
    '## Claims',
    '',
    `Of ${claims.length} claims ${verdicts('holds')} hold, ${verdicts('does not hold')} do not, ${verdicts('undecided')} are undecided${verdicts('not measured') > 0 ? `, ${verdicts('not measured')} were not measured` : ''}.`,
    '',
    row(['claim', 'verdict', 'numbers']),
    row(['---', '---', '---']),
    ...claims.map((claim) => row([claim.text, `**${claim.verdict}**`, numbersOf(claim)])),
    '',
    '## Every arm',
    '',
    row(['arm', ...metrics]),
    row(['---', ...metrics.map(() => '---:')]),
    ...Object.entries(means).map(([arm, own]) =>
      row([
        arm,
        ...metrics.map((metric) =>
          own[metric] === undefined ? '' : metric === 'oracle' ? percent(own[metric]) : number(own[metric]),
        ),
      ]),
    ),
    '',
    ...['heldOut', 'oracle'].flatMap((metric) => [`![${metric} of every arm](images/results-${metric}.svg)`, '']),
    '## What validation prompts chose',
    '',
    'Chosen among the checkpoints of each arm by the oracle, if no reward falls and diversity stays. Fusion and the UNet alone use the last checkpoints.',
    '',
    row(['arm', ...seedsOf.map((seed) => `seed ${seed}`)]),
    row(['---', ...seedsOf.map(() => '---')]),
    ...choices(runs, seedsOf).map(row),
    '',
    '## What tuning cost',
    '',
    'Times are those of making the network, all attempts together, on this machine.',
    '',
    row(['variant', 'stage', 'reward evaluations', 'seconds, by seed']),
    row(['---', '---', '---:', '---:']),
    ...costs(runs).map(row),
    '',
  ].join('\n');
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

const numbersOf = ({ numbers, remarks = [] }: Claim) =>
  [
    ...remarks,
    ...numbers.map(({ metric, mean, ci95, n }) => `${metric} ${signed(mean)} (${interval(ci95)}; n = ${n})`),
  ].join('; ');

function choices(runs: readonly CollectedRun[], seeds: readonly number[]): string[][] {
  const arms = [...new Set(runs.flatMap(({ chosen }) => Object.keys(chosen)))];
  return arms.map((arm) => [
    arm,
    ...seeds.map((seed) => runs.find((run) => run.seed === seed && arm in run.chosen)?.chosen[arm] ?? ''),
  ]);
}

function costs(runs: readonly CollectedRun[]): string[][] {
  const keys = [
    ...new Set(runs.flatMap(({ variant, tuning }) => tuning.map(({ stage }) => `${variant.name}/${stage}`))),
  ];
  return keys.map((key) => {
    const [name, stage] = key.split('/') as [string, string];
    const own = runs
      .filter(({ variant }) => variant.name === name)
      .map(({ tuning }) => tuning.find((each) => each.stage === stage)!);
    return [name, stage, String(own[0]!.rewardEvaluations), own.map(({ seconds }) => seconds.toFixed(0)).join(', ')];
  });
}
