import { stageOf } from './bodies.ts';
import { configSchema, worldOf, type Config } from './config/config.ts';
import { definePipeline } from './pipeline.ts';
import { resolvePaths } from './config/config-paths.ts';
import { isWorldName } from '../world/scenes/common/world-names.ts';
import { testSampler } from './config/sections/test-sampler.ts';
import {
  tokenizer,
  trained,
  judged,
  sampling,
  champion,
  championFiles,
  judging,
  networkFiles,
  tuning,
  tuningFiles,
  benchmarks,
  benchmarkFiles,
  armFiles,
  styleFiles,
  extended,
} from './stage-slices.ts';
import * as work from './stage-work.ts';

/** Length of a segment of tuning: long enough to outweigh a start-up, short enough for a worker to stop in between. */
const segmentSeconds = 600;

export const ingest = stageOf({
  name: 'ingest',
  inputs: [],
  module: 'datasets/stages/ingest.ts',
  config: (c: Config) => c.prompts,
  files: (c) => (worldOf(c) ? [] : [c.prompts.source]),
  work: work.promptWork,
});
export const filter = stageOf({
  name: 'filter',
  inputs: ['ingest'],
  module: 'datasets/stages/filter.ts',
  config: (c: Config) => ({
    ...c.filter,
    tokenizer: tokenizer(c),
    ...(c.benchmarks
      ? { benchmarks: c.benchmarks.map(({ name, source, column, split }) => ({ name, source, column, split })) }
      : {}),
    ...extended(c),
  }),
  files: (c) => [
    tokenizer(c),
    ...[c.filter.blockedFiles ?? [], c.filter.personalNameFiles ?? [], benchmarkFiles(c), c.shard.extends ?? []].flat(),
  ],
  work: work.promptWork,
});
export const shard = stageOf({
  name: 'shard',
  inputs: ['filter'],
  module: 'datasets/stages/shard.ts',
  fanOut: { window: 2, batch: 16 },
  config: (c: Config) => c.shard,
  files: (c) => [c.shard.extends ?? []].flat(),
  work: work.promptWork,
});
export const rollout = stageOf({
  name: 'rollout',
  inputs: ['shard'],
  module: 'training/stages/rollout.ts',
  config: (c: Config) => ({
    ...c.rollout,
    ...sampling(c),
    // ONNX Runtime's results may depend on the number of threads, so it is in the key.
    ...(c.rollout.runtime === 'onnx' ? { threads: c.engine.threads } : {}),
  }),
  files: (c) => [c.model],
  work: work.rolloutWork,
  engine: true,
});
export const tuneEncoder = stageOf({
  name: 'tune-encoder',
  inputs: ['shard', 'rollout'],
  module: 'training/stages/tune-encoder.ts',
  config: (c: Config) => tuning(c, c.tuneEncoder),
  files: (c) => [...tuningFiles(c), ...[c.tuneEncoder.startFrom ?? []].flat().flatMap(networkFiles)],
  work: work.tuningWork((c) => c.tuneEncoder),
  segmentSeconds,
  engine: true,
});
export const tuneUnet = stageOf({
  name: 'tune-unet',
  inputs: ['shard', 'rollout', 'tune-encoder'],
  module: 'training/stages/tune-unet.ts',
  when: (c: Config) => c.tuneUnet !== undefined,
  config: (c: Config) => tuning(c, c.tuneUnet!),
  files: tuningFiles,
  work: work.tuningWork((c) => c.tuneUnet!),
  segmentSeconds,
  engine: true,
});
const ddpo = <const N extends 'ddpo-encoder' | 'ddpo-unet', K extends 'ddpoEncoder' | 'ddpoUnet'>(
  name: N,
  key: K,
  network: 'text_encoder' | 'unet',
) =>
  stageOf({
    name,
    inputs: ['rollout'],
    module: 'training/stages/ddpo.ts',
    when: (c: Config) => c.baselines?.[key] !== undefined,
    config: (c: Config) => ({ ...c.baselines![key]!, network, ...sampling(c), rewards: c.rewards }),
    files: (c) => [c.model, ...trained(c)],
    work: work.ddpoWork(key),
    engine: true,
  });
export const ddpoEncoder = ddpo('ddpo-encoder', 'ddpoEncoder', 'text_encoder');
export const ddpoUnet = ddpo('ddpo-unet', 'ddpoUnet', 'unet');
export const direct = stageOf({
  name: 'direct',
  inputs: ['shard'],
  module: 'training/stages/direct.ts',
  when: (c: Config) => c.baselines?.direct !== undefined,
  config: (c: Config) => ({ ...c.baselines!.direct!, ...sampling(c), rewards: c.rewards }),
  files: (c) => [
    c.model,
    ...trained(c),
    ...(isWorldName(c.baselines!.direct!.pictures) ? [] : [c.baselines!.direct!.pictures]),
  ],
  work: work.directWork,
  engine: true,
});
export const promptEngineering = stageOf({
  name: 'prompt-engineering',
  inputs: ['shard'],
  module: 'evaluation/stages/prompt-engineering.ts',
  when: (c: Config) => c.baselines?.promptEngineering !== undefined,
  config: (c: Config) => ({
    ...c.baselines!.promptEngineering!,
    ...judging(c),
    ...benchmarks(c),
    testPrompts: c.evaluate.prompts,
  }),
  files: (c) => [...judged(c), ...benchmarkFiles(c)],
  work: work.promptEngineeringWork,
  engine: true,
});
export const sweep = stageOf({
  name: 'sweep',
  inputs: ['shard', 'tune-encoder'],
  optionalInputs: ['tune-unet', 'ddpo-encoder', 'ddpo-unet', 'direct'],
  module: 'evaluation/stages/sweep.ts',
  config: (c: Config) => ({ ...c.sweep, ...judging(c) }),
  files: judged,
  work: work.sweepWork,
  engine: true,
});
export const evaluate = stageOf({
  name: 'evaluate',
  inputs: ['shard', 'tune-encoder', 'sweep'],
  optionalInputs: ['tune-unet', 'ddpo-encoder', 'ddpo-unet', 'direct', 'prompt-engineering'],
  module: 'evaluation/stages/evaluate.ts',
  config: (c: Config) => ({
    ...c.evaluate,
    ...judging(c),
    sampler: testSampler(c),
    ...benchmarks(c),
    ...champion(c),
    ...(c.tuneUnet?.blend === 0 ? { fusion: true } : {}),
  }),
  files: (c) => [...judged(c), ...benchmarkFiles(c), ...armFiles(c), ...championFiles(c)],
  work: work.evaluateWork,
  engine: true,
});
export const transfer = stageOf({
  name: 'transfer',
  inputs: ['shard', 'tune-encoder', 'sweep'],
  when: (c: Config) => c.transfer !== undefined,
  module: 'evaluation/stages/transfer.ts',
  config: (c: Config) => ({ ...c.transfer!, ...judging(c) }),
  files: (c) => [...judged(c), ...c.transfer!.unets.map(({ unet }) => unet)],
  work: work.transferWork,
  engine: true,
});
export const styles = stageOf({
  name: 'styles',
  inputs: ['shard', 'tune-encoder', 'sweep'],
  when: (c: Config) => c.styles !== undefined,
  module: 'evaluation/stages/style-control.ts',
  config: (c: Config) => ({ ...c.styles!, ...judging(c), sampler: testSampler(c) }),
  files: (c) => [...judged(c), ...styleFiles(c)],
  work: work.stylesWork,
  engine: true,
});
export const register = stageOf({
  name: 'register',
  inputs: ['tune-encoder', 'sweep', 'evaluate'],
  optionalInputs: ['tune-unet'],
  module: 'evaluation/stages/register.ts',
  config: (c: Config) => ({ sampler: testSampler(c) }),
});
export const report = stageOf({
  name: 'report',
  inputs: ['filter', 'shard', 'tune-encoder', 'sweep', 'evaluate'],
  optionalInputs: ['tune-unet', 'transfer', 'styles'],
  module: 'evaluation/stages/report.ts',
  config: ({ name, seed, sampler, rollout, rewards, tuneEncoder, tuneUnet, sweep, evaluate }: Config) => ({
    name,
    seed,
    sampler,
    rollout,
    sweep,
    evaluate: { ...evaluate, arms: evaluate.arms?.map(({ name }) => name) }, // not their paths
    tuneEncoder: { ...tuneEncoder, startFrom: undefined }, // a path
    ...(tuneUnet ? { tuneUnet } : {}),
    rewards: rewards.map(({ name, type, weight }) => ({ name, type, weight })),
  }),
});

/** The default pipeline: tunes the text encoder on prompts, and reports on it. */
export const textcraftor = definePipeline({
  name: 'textcraftor',
  schema: configSchema,
  root: new URL('..', import.meta.url).href,
  inspection: 'api/inspection/inspect-run.ts',
  resolvePaths: (config, absolute) => resolvePaths(configSchema, config, absolute),
  stages: [
    ingest,
    filter,
    shard,
    rollout,
    tuneEncoder,
    tuneUnet,
    ddpoEncoder,
    ddpoUnet,
    direct,
    promptEngineering,
    sweep,
    evaluate,
    transfer,
    styles,
    register,
    report,
  ],
  results: ['register', 'report'],
});
