import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { faultPoints, type FaultPoint } from '../../common/fault-points.ts';
import { RandomStream } from '../../common/random.ts';
import { SmallDisk } from './disk.ts';
import { struckKinds } from './damage.ts';
import { faults, needsDisk } from './faults.ts';
import { examine, type Traces } from './invariants.ts';
import { Subject, type Boundary } from './subject.ts';

// npm run chaos: runs of the embedded world under faults at random times; each must end with the digests of an
// undisturbed run.

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '60' },
    runs: { type: 'string', default: '10' },
    lanes: { type: 'string', default: '2' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const [seed, kills, runs, lanes] = [values.seed, values.kills, values.runs, values.lanes].map(Number) as [
  number,
  number,
  number,
  number,
];
const DISK_MEGABYTES = 400;
/** Stages of the run during which faults strike, in order. */
const STAGES = ['ingest', 'filter', 'shard', 'rollout', 'tune-encoder', 'sweep', 'evaluate', 'report'] as const;
/** Two faults in three strike the training. */
const DEAR = ['tune-encoder', 'tune-encoder', 'rollout', 'sweep', 'evaluate'] as const;

interface Blow {
  fault: string;
  stage: string;
  /** Milliseconds after the stage started. */
  delay: number;
}

interface Outcome extends Traces {
  run: number;
  /** Fault point at which one of its processes died. */
  boundary: FaultPoint | undefined;
  blows: (Blow & { error?: string })[];
  resumed: number;
  seconds: number;
}

const note = (line: string) => void process.stderr.write(`${line}\n`);
const folder = await mkdtemp(join(tmpdir(), 'textcraftor-chaos-'));
const started = performance.now();

async function withSubject<T>(
  name: string,
  use: (subject: Subject) => Promise<T>,
  { onDisk = false, boundary }: { onDisk?: boolean; boundary?: Boundary } = {},
): Promise<T> {
  const home = join(folder, name);
  const disk = onDisk ? await SmallDisk.mount(home, DISK_MEGABYTES) : undefined;
  await mkdir(home, { recursive: true });
  const subject = new Subject(home, { disk, boundary });
  try {
    return await use(subject);
  } finally {
    await subject.signal('all', 'SIGKILL');
    await subject.untilGone();
    await disk?.unmount();
    if (!values.keep) for (const path of [home, `${home}.inputs`]) await rm(path, { recursive: true, force: true });
  }
}

/** Waits until a stage runs, or has run. @returns false when the command ended before */
async function untilStage(subject: Subject, stage: string): Promise<boolean> {
  const index = STAGES.findIndex((name) => name === stage);
  while (subject.running) {
    const found = (await subject.record())?.stages ?? [];
    if (found.some(({ name, status }) => STAGES.findIndex((s) => s === name) >= index && status !== 'pending'))
      return true;
    await sleep(100);
  }
  return false;
}

/** Executes the run to its end; resumes it whenever it was stopped. */
async function bringToEnd(subject: Subject): Promise<void> {
  for (let again = 0; again < 6; again++) {
    const end = await subject.endedUnlessStill();
    if (end?.code === 0) return;
    if (end === undefined) await subject.signal('all', 'SIGKILL');
    await subject.untilGone();
    note(
      `  resumed after ${end === undefined ? 'no end' : `exit code ${end.code}: ${end.stderr.trim().split('\n').at(-1)}`}`,
    );
    await subject.resume();
  }
}

async function disturbedRun(run: number, blows: readonly Blow[]): Promise<Outcome> {
  const begun = performance.now();
  const point = faultPoints[(run - 1) % faultPoints.length]!;
  const boundary = { point, time: 1 + new RandomStream(seed, 'boundary', run).integer(3) };
  const work = async (subject: Subject): Promise<Outcome> => {
    const done: Outcome['blows'] = [];
    for (const [i, blow] of blows.entries()) {
      // An earlier fault may have stopped the command, or cleared the stage's record.
      for (let tries = 0; tries < 3 && !(await untilStage(subject, blow.stage)); tries++) {
        if ((await subject.ended()).code === 0) break;
        await subject.untilGone();
        await subject.resume();
      }
      if (!subject.running) break;
      await sleep(blow.delay);
      if (!subject.running) break;
      const random = new RandomStream(seed, 'fault', run, i);
      const error = await faults[blow.fault]!(subject, random).then(
        () => undefined,
        (reason: Error) => reason.message,
      );
      note(`run ${run}: ${blow.fault} at ${blow.stage}${error === undefined ? '' : `: ${error}`}`);
      done.push({ ...blow, ...(error === undefined ? {} : { error }) });
      if (!subject.running && (await subject.ended()).code !== 0) {
        await subject.untilGone();
        await subject.resume();
      }
    }
    await bringToEnd(subject);
    const seconds = (performance.now() - begun) / 1000;
    const died = subject.diedAtBoundary ? point : undefined;
    return { run, blows: done, boundary: died, resumed: subject.resumed, seconds, ...(await examine(subject)) };
  };
  const onDisk = blows.some(({ fault }) => needsDisk.has(fault));
  return withSubject(`run-${run}`, work, { onDisk, boundary });
}

/** Plans the faults: every kind before any repeats, in an order drawn from the seed. */
function draw(names: readonly string[]): Blow[] {
  const random = new RandomStream(seed, 'chaos');
  const drawn: string[] = [];
  while (drawn.length < kills) drawn.push(...shuffled(names, random));
  return drawn.slice(0, kills).map((fault) => ({
    fault,
    stage: random.uniform() < 0.75 ? random.choice(DEAR) : random.choice(STAGES),
    delay: Math.round(4000 * random.uniform()),
  }));
}

function shuffled<T>(items: readonly T[], random: RandomStream): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(random.integer(rest.length), 1)[0]!);
}

const probe = await SmallDisk.mount(join(folder, 'probe'), 1);
await probe?.unmount();
const possible = Object.keys(faults).filter(
  (name) =>
    (values.only ? values.only.split(',').includes(name) : true) && (probe !== undefined || !needsDisk.has(name)),
);
const impossible = Object.keys(faults).filter((name) => probe === undefined && needsDisk.has(name));

const undisturbed = await withSubject('undisturbed', async (subject) => {
  await subject.ended();
  return examine(subject);
});
if (undisturbed.status !== 'completed')
  throw new Error(`The undisturbed run did not complete: ${JSON.stringify(undisturbed)}`);
note(`undisturbed: ${((performance.now() - started) / 1000).toFixed(0)} s`);

const boundaries = () => outcomes.filter(({ boundary }) => boundary !== undefined).length;
const waiting = draw(possible);
const perRun = Math.ceil(kills / runs);
const stageOf = (blow: Blow) => STAGES.findIndex((name) => name === blow.stage);
const outcomes: Outcome[] = [];
let begun = 0;
await Promise.all(
  Array.from({ length: lanes }, async () => {
    // A run may end before all faults have struck: the rest strike a later run, and sooner.
    while (waiting.length > 0 || begun < runs) {
      const blows = waiting.splice(0, perRun).toSorted((a, b) => stageOf(a) - stageOf(b));
      const outcome = await disturbedRun(++begun, blows);
      outcomes.push(outcome);
      waiting.push(...blows.slice(outcome.blows.length).map((blow) => ({ ...blow, delay: blow.delay / 2 })));
    }
  }),
);
outcomes.sort((a, b) => a.run - b.run);

const differs = (outcome: Outcome) =>
  Object.entries(undisturbed.digests)
    .filter(([stage, sha256]) => outcome.digests[stage] !== sha256)
    .map(([stage]) => stage);
const struck = outcomes.flatMap(({ blows }) => blows);
const summary = {
  seed,
  runs: outcomes.length,
  faults: struck.length + boundaries(),
  byKind: Object.fromEntries(
    Object.keys(faults).map((name) => [name, struck.filter(({ fault }) => fault === name).length]),
  ),
  byBoundary: Object.fromEntries(
    faultPoints.map((name) => [name, outcomes.filter(({ boundary }) => boundary === name).length]),
  ),
  kindsOfFiles: Object.fromEntries([...struckKinds].sort()),
  notPossibleHere: impossible,
  lost: outcomes.filter(({ status }) => status !== 'completed').length,
  duplicated: outcomes.filter(({ wrong }) => wrong.length > 0).length,
  different: outcomes.filter((outcome) => outcome.status === 'completed' && differs(outcome).length > 0).length,
  unexpected: struck.flatMap(({ error }) => error ?? []),
  encoder: undisturbed.digests['tune-encoder'],
  seconds: Math.round((performance.now() - started) / 1000),
  outcomes: outcomes.map((outcome) => ({
    ...outcome,
    seconds: Math.round(outcome.seconds),
    differs: differs(outcome),
  })),
};
await rm(folder, { recursive: true, force: true });
if (values.json) console.log(JSON.stringify(summary, null, 2));
else {
  const { outcomes: _, byKind, ...short } = summary;
  console.log(JSON.stringify({ ...short, byKind }, null, 2));
}
for (const { run, status, wrong } of outcomes)
  if (status !== 'completed' || wrong.length > 0) note(`run ${run} is ${status}: ${wrong.join('; ')}`);
process.exitCode = summary.lost + summary.duplicated + summary.different + summary.unexpected.length > 0 ? 1 : 0;
