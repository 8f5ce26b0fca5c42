import { interval, number, percent, signed } from '../report/format-numbers.ts';
import type { Claim } from './claims.ts';
import { meansOf } from './combine-seeds.ts';
import type { CollectedRun, Results } from './paper-results.ts';
import { PICTURES_WITH_OTHER_UNETS } from './matrix.ts';
import { pictureTable, type PictureRow } from './paper-pictures.ts';
import type { Statement } from './statements.ts';
import { worldTitles, type WorldName } from '../../world/scenes/common/world-names.ts';

export interface Paper {
  world: WorldName;
  results: Results;
  claims: readonly Claim[];
  runs: readonly CollectedRun[];
  trained: readonly string[];
  pictures: readonly PictureRow[];
  quick: boolean;
}

/** Metrics of the plots, with their titles. */
export const PLOTTED = [
  ['heldOut', 'Held-out reward'],
  ['oracle', 'Oracle'],
  ['quality', 'Quality (oracle)'],
] as const;

/** Renders the page from the numbers alone. */
export function resultsPage(paper: Paper): string {
  const { world, claims, runs, pictures, quick } = paper;
  const seedsOf = [...new Set(runs.map(({ seed }) => seed))];
  const seeds = seedsOf.length;
  const { prompts, samplesPerPrompt } = runs[0]!;
  return [
    `# The comparison on ${worldTitles[world]}`,
    '',
    ...(pictures.length > 0 ? [...pictureTable(pictures), ''] : []),
    `Written by \`npm run paper${quick ? ' -- --quick' : ''}\` from measured numbers (\`results.json\`): ${seeds} ${seeds === 1 ? 'seed' : 'seeds'} of tuning, ${prompts} held-out prompts, ${samplesPerPrompt} pictures of each (${PICTURES_WITH_OTHER_UNETS} with other UNets), the same start noise in every arm. Values are averaged over the seeds; intervals are 95 % bootstrap intervals over prompts, paired.`,
    ...(quick
      ? ['', 'This was a quick run with little tuning: it shows that everything works, but it is not a result.']
      : []),
    '',
    ...claimsSection(claims),
    ...armsSection(paper),
    '## What validation prompts chose',
    '',
    'Chosen among the checkpoints of each arm by the oracle, if no reward falls and diversity stays; the phrases of prompt engineering by the trained rewards, whatever the oracle says. Fusion and the UNet alone use the last checkpoints.',
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

function claimsSection(claims: readonly Claim[]): string[] {
  const verdicts = (verdict: Claim['verdict']) => claims.filter((claim) => claim.verdict === verdict).length;
  return [
    '## Claims',
    '',
    `Of ${claims.length} claims ${verdicts('holds')} hold, ${verdicts('does not hold')} do not, ${verdicts('undecided')} are undecided${verdicts('not measured') > 0 ? `, ${verdicts('not measured')} were not measured` : ''}. A claim holds only if the whole interval of each of its numbers is above 0, or where it must be; it does not if any interval is on the other side.`,
    '',
    row(['claim', 'verdict', 'numbers']),
    row(['---', '---', '---']),
    ...claims.map((claim) => row([claim.text, `**${claim.verdict}**`, numbersOf(claim)])),
    '',
  ];
}

function armsSection({ results, trained }: Paper): string[] {
  const metrics = [...trained, 'heldOut', 'oracle', 'quality', 'diversity'];
  return [
    '## Every arm',
    '',
    row(['arm', ...metrics]),
    row(['---', ...metrics.map(() => '---:')]),
    ...Object.entries(meansOf(results)).map(([arm, own]) =>
      row([
        arm,
        ...metrics.map((metric) =>
          own[metric] === undefined ? '' : metric === 'oracle' ? percent(own[metric]) : number(own[metric]),
        ),
      ]),
    ),
    '',
    ...PLOTTED.flatMap(([metric]) => [`![${metric} of every arm](images/results-${metric}.svg)`, '']),
  ];
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

const numbersOf = ({ numbers, remarks = [] }: Claim) =>
  [
    ...remarks,
    ...numbers.map((own) => `${own.metric} ${signed(own.mean)} (${interval(own.ci95)}; n = ${own.n}${whereOf(own)})`),
  ].join('; ');

/** Says where an interval must be, unless it is above 0. */
function whereOf({ must, bound }: Statement): string {
  if (must === 'not below') return '; not all below 0';
  return must === 'above' && bound === 0 ? '' : `; must be ${must} ${signed(bound)}`;
}

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
