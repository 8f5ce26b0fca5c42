/** Reports the ratios of the measurements as a page with a plot. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Differences } from './compare.ts';
import type { Machine } from './set-up.ts';
import type { StepMeasurement, Timing } from './specification.ts';

export type SideResult = Omit<StepMeasurement, 'startUp'> & Partial<Pick<StepMeasurement, 'startUp'>>;

/** Content of bench/results.json. Each list has one element per round. */
export interface Results {
  machine: Machine;
  threads: number;
  cases: Record<string, { ours: SideResult[]; torch: Record<string, SideResult[]>; differences: Differences }>;
}

interface Spread {
  median: number;
  min: number;
  max: number;
}
export interface Summary {
  name: string;
  /** The variant of torch that is compared: its fastest. */
  against: string;
  seconds: { ours: number; torch: number };
  /** Ours over torch's, round by round: of elapsed time, and of processor time. */
  ratio: Spread;
  cpuRatio: Spread;
  peakGiB: { ours: number; torch: Record<string, number> };
  text: string;
}

const median = (values: number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
};
const spread = (values: number[]): Spread => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});
const time = ({ steps }: SideResult, of: keyof Timing & ('wall' | 'cpu')) => median(steps.map((step) => step[of]));
const gibibytes = (sides: SideResult[]) => Math.max(...sides.map(({ peakBytes }) => peakBytes)) / 2 ** 30;

export function summarize(name: string, { ours, torch }: Results['cases'][string]): Summary {
  const speed = (variant: string) => median(torch[variant]!.map((side) => time(side, 'wall')));
  const against = Object.keys(torch).toSorted((a, b) => speed(a) - speed(b))[0]!;
  const ratio = (of: 'wall' | 'cpu') => spread(ours.map((side, i) => time(side, of) / time(torch[against]![i]!, of)));
  const [wall, cpu] = [ratio('wall'), ratio('cpu')];
  const seconds = { ours: median(ours.map((side) => time(side, 'wall'))), torch: speed(against) };
  const peakGiB = {
    ours: gibibytes(ours),
    torch: Object.fromEntries(Object.entries(torch).map(([variant, sides]) => [variant, gibibytes(sides)])),
  };
  const text = `${name}: ${seconds.ours.toPrecision(3)} s, torch (${against}) ${seconds.torch.toPrecision(3)} s, ratio ${format(wall)}, of processor time ${format(cpu)}`;
  return { name, against, seconds, ratio: wall, cpuRatio: cpu, peakGiB, text };
}

const format = ({ median, min, max }: Spread) => `${median.toFixed(2)} (${min.toFixed(2)}-${max.toFixed(2)})`;

const TITLES: Readonly<Record<string, string>> = {
  'encoder-step': 'tuning step of SD 1.5 at full size: 512 px, T = 2, K = 1, batch 1, guidance 7.5',
  'world-step': 'training step of the shapes world: batch 16, T = 8, K = 7 from a rollout (engine.lanes: 2)',
  'forward text_encoder': 'text encoder forward, 2 prompts (ONNX Runtime)',
  'forward unet': 'UNet forward, 64x64 latents, batch 2 (ONNX Runtime)',
  'forward vae_decoder': 'VAE decoder forward, 512 px (ONNX Runtime)',
};

/** Writes docs/benchmarks.md and its plot. @returns the summary of each case */
export function writeReport(results: Results, docs: string): Summary[] {
  const summaries = Object.entries(results.cases).map(([name, found]) => summarize(name, found));
  writeFileSync(join(docs, 'images', 'benchmarks.svg'), plot(summaries));
  writeFileSync(join(docs, 'benchmarks.md'), page(results, summaries));
  return summaries;
}

function page({ machine, threads, cases }: Results, summaries: Summary[]): string {
  return `# Benchmarks

Written by \`npm run bench\` from \`bench/results.json\`: this project beside PyTorch with diffusers and transformers, in float32,
each measurement in a separate process, the sides in turn, ${threads} threads on both.

${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB of memory, Node ${machine.node}, ${Object.entries(
    machine.peer,
  )
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}.

![ratios of time](images/benchmarks.svg)

## Time

Seconds are medians; a ratio is ours to torch's in the same round, with the smallest and the largest of the rounds. torch's
fastest variant counts: with its gradient checkpointing or without, channels last or not. Processor time counts all threads;
use it if the machine had other work.

${table(
  ['', 'rounds', 'ours, s', 'torch, s', 'torch variant', 'ratio', 'ratio of processor time'],
  summaries.map((s) => [
    TITLES[s.name] ?? s.name,
    cases[s.name]!.ours.length,
    seconds(s.seconds.ours),
    seconds(s.seconds.torch),
    s.against,
    format(s.ratio),
    format(s.cpuRatio),
  ]),
)}

## The same numbers

Before anything is timed, both sides compute the same from the same files: the largest relative difference of loss, rewards
or output, and of a parameter's gradient (norm of the difference over the norm).

${table(
  ['', 'values', 'gradients'],
  summaries.map((s) => {
    const { values, gradients } = cases[s.name]!.differences;
    return [TITLES[s.name] ?? s.name, values.toExponential(1), gradients?.toExponential(1) ?? ''];
  }),
)}

## Peak memory

The largest resident set of the process, GiB.

${table(
  ['', 'ours', 'torch'],
  summaries.map((s) => [
    TITLES[s.name] ?? s.name,
    s.peakGiB.ours.toFixed(2),
    Object.entries(s.peakGiB.torch)
      .map(([variant, size]) => `${variant} ${size.toFixed(2)}`)
      .join(', '),
  ]),
)}

## Start-up

Seconds until the modules are there, the weights read (ours: their headers), the program recorded, compiled and its
variables set; and how much longer the first step takes than the others.

${table(['', 'side', 'modules', 'weights', 'program', 'first step'], startUps(cases))}
`;
}

const row = (cells: (string | number)[]) => `| ${cells.join(' | ')} |`;
const table = (head: string[], rows: (string | number)[][]) =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
const seconds = (value: number) => value.toPrecision(3);

/** Returns the rows of the table of start-up times. */
const startUps = (cases: Results['cases']): string[][] =>
  Object.entries(cases).flatMap(([name, { ours, torch }]) =>
    Object.entries({ ours, ...prefixed(torch) }).flatMap(([side, found]) => {
      const startUp = found[0]!.startUp;
      if (!startUp) return [];
      const middle = (of: (side: SideResult) => number) => seconds(median(found.map(of)));
      return [
        [
          name,
          side,
          middle((s) => s.startUp!.import),
          middle((s) => s.startUp!.load),
          middle((s) => s.startUp!.compile),
          middle((s) => s.first.wall - time(s, 'wall')),
        ],
      ];
    }),
  );

const prefixed = (torch: Record<string, SideResult[]>) =>
  Object.fromEntries(Object.entries(torch).map(([variant, sides]) => [`torch, ${variant}`, sides]));

/** Plots ratios as dots with their spread, on a line from 0 to 2; 1 is torch. */
function plot(summaries: Summary[]): string {
  const [left, scale, step] = [250, 240, 34];
  const x = (ratio: number) => left + scale * Math.min(ratio, 2);
  const height = 60 + step * summaries.length;
  const lines = summaries.map(({ name, ratio, cpuRatio }, i) => {
    const y = 40 + step * i;
    return `<text x="${left - 14}" y="${y + 4}" text-anchor="end">${name}</text>
<line x1="${x(ratio.min)}" x2="${x(ratio.max)}" y1="${y}" y2="${y}" stroke="#3b6ea5" stroke-width="3"/>
<circle cx="${x(ratio.median)}" cy="${y}" r="6" fill="#3b6ea5"/><circle cx="${x(cpuRatio.median)}" cy="${y}" r="5" fill="none" stroke="#3b6ea5" stroke-width="2"/>`;
  });
  const axis = [0, 0.5, 1, 1.5, 2].map(
    (tick) =>
      `<line x1="${x(tick)}" x2="${x(tick)}" y1="24" y2="${height - 30}" stroke="${tick === 1 ? '#c33' : '#ddd'}"/><text x="${x(tick)}" y="${height - 12}" text-anchor="middle">${tick}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="780" height="${height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="white"/>
<text x="${left}" y="16">time, ours / torch (dot: passed, ring: processor)</text>
${axis.join('\n')}
${lines.join('\n')}
</svg>
`;
}
