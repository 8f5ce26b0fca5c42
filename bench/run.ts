/**
 * `npm run bench [-- --json] [--only encoder-step,world-step,forward] [--rounds N]`: compares this project with PyTorch
 * and diffusers. Each measurement is a separate process; the sides take turns. Writes bench/results.json,
 * docs/benchmarks.md and docs/images/benchmarks.svg. BENCH_PYTHON (or --python) names a Python with the peer's
 * packages, BENCH_CACHE (or --cache) a folder for models (10 GB).
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { stageEnvironment } from '../activities/execution/stage-environment.ts';
import { encoderStep, forwardPasses, worldStep } from './cases.ts';
import { largestDifferences } from './compare.ts';
import { writeReport, type Results, type SideResult } from './report.ts';
import { describeMachine, fullSizeModels, peerPython, root } from './set-up.ts';
import type { ForwardSpecification, StepMeasurement, StepSpecification } from './specification.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: 'encoder-step,world-step,forward' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: String(availableParallelism()) },
    python: { type: 'string', default: process.env['BENCH_PYTHON'] ?? '' },
    cache: { type: 'string', default: process.env['BENCH_CACHE'] ?? join(root, '.textcraftor', 'bench') },
  },
});
const only = new Set(options.only.split(','));
const rounds = Number(options.rounds);
const threads = Number(options.threads);
const python = peerPython(options.python || undefined);
const say = (text: string) => console.error(text);
const scratch = mkdtempSync(join(tmpdir(), 'textcraftor-bench-'));
mkdirSync(options.cache, { recursive: true });

/** Runs one process and reads the JSON object that it prints last. */
async function measure<T>(command: string[], specification: StepSpecification | ForwardSpecification): Promise<T> {
  const file = join(scratch, 'specification.json');
  writeFileSync(file, JSON.stringify(specification));
  const [program, ...args] = command;
  // A training step on both sides gets the environment of a stage's process, which configures how the C library keeps
  // memory. An exported network runs in whatever process its user has.
  const isStep = 'lanes' in specification;
  const lanes = isStep && program === process.execPath ? specification.lanes : 1;
  const environment = isStep
    ? stageEnvironment(process.env, { threads, xla: false, lanes })
    : { ...process.env, OMP_NUM_THREADS: String(threads) };
  const { stdout } = await promisify(execFile)(program!, [...args, file], {
    cwd: root,
    maxBuffer: 2 ** 26,
    env: { ...environment, PYTHONWARNINGS: 'ignore' },
  });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as T;
}
const node = (script: string) => [process.execPath, '--import', 'tsx', join('bench', script)];
const peer = (script: string) => [python, join('bench', 'peer', script)];

/** Measures both sides in turn, round by round. `variants` of torch are named; the fastest one is compared. */
async function sideBySide(
  name: string,
  ours: () => Promise<StepMeasurement>,
  variants: Record<string, () => Promise<StepMeasurement>>,
): Promise<Pick<Results['cases'][string], 'ours' | 'torch'>> {
  const found: SideResult[] = [];
  const torch: Record<string, SideResult[]> = {};
  for (let round = 1; round <= rounds; round++) {
    say(`${name}, round ${round} of ${rounds}`);
    found.push(await ours());
    for (const [variant, run] of Object.entries(variants)) (torch[variant] ??= []).push(await run());
  }
  return { ours: found, torch };
}

async function stepCase(
  name: string,
  specification: StepSpecification,
  variants: Record<string, Partial<StepSpecification>>,
) {
  const run = (command: string[], changes: Partial<StepSpecification>) => () =>
    measure<StepMeasurement>(command, { ...specification, ...changes });
  say(`${name}: the same numbers on both sides`);
  const check = { steps: specification.steps, fromRollout: false };
  const [ours, theirs] = [join(scratch, 'ours.safetensors'), join(scratch, 'torch.safetensors')];
  await run(node('ours.ts'), { ...check, saveTensors: ours })();
  await run(peer('step.py'), { ...check, saveTensors: theirs, checkpointing: name === 'encoder-step' })();
  const differences = await largestDifferences(ours, theirs);
  const sides = await sideBySide(
    name,
    run(node('ours.ts'), {}),
    Object.fromEntries(Object.entries(variants).map(([variant, changes]) => [variant, run(peer('step.py'), changes)])),
  );
  return { ...sides, differences };
}

async function forwardCase(specification: ForwardSpecification) {
  const outputs = { ours: `${specification.output}.ours`, torch: `${specification.output}.torch` };
  const sides = await sideBySide(
    specification.network,
    () => measure(node('forward.ts'), { ...specification, output: outputs.ours }),
    { plain: () => measure(peer('forward.py'), { ...specification, output: outputs.torch }) },
  );
  return { ...sides, differences: await largestDifferences(outputs.ours, outputs.torch) };
}

const file = join(root, 'bench', 'results.json');
const cases: Results['cases'] = {};
try {
  if (only.has('world-step'))
    cases['world-step'] = await stepCase('world-step', await worldStep(scratch, threads), {
      plain: {},
      'channels last': { channelsLast: true },
    });
  if (only.has('forward') || only.has('encoder-step')) fullSizeModels(options.cache, python);
  if (only.has('forward'))
    for (const specification of await forwardPasses(options.cache, scratch, threads))
      cases[`forward ${specification.network}`] = await forwardCase(specification);
  if (only.has('encoder-step'))
    cases['encoder-step'] = await stepCase('encoder-step', await encoderStep(options.cache, scratch, threads), {
      plain: {},
      checkpointing: { checkpointing: true },
    });
} finally {
  rmSync(scratch, { recursive: true });
}
const before =
  only.size < 3 ? (JSON.parse(readFileSync(file, { encoding: 'utf8', flag: 'a+' }) || '{}') as Partial<Results>) : {};
const results: Results = { machine: describeMachine(python), threads, cases: { ...before.cases, ...cases } };
writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
const summary = writeReport(results, join(root, 'docs'));
console.log(
  options.json ? JSON.stringify({ ...results, summary }, null, 1) : summary.map(({ text }) => text).join('\n'),
);
