import { REWARD_KEYS, REWARD_TRAITS, type RewardTypeName } from '../../../rewards/reward-names.ts';
import { isWorldName } from '../../../world/scenes/common/world-names.ts';
import { alarmSchema } from './comparison-settings.ts';

/** The sections that are looked at; the keys that may have no effect are found by their names. */
interface Config {
  prompts: { source: string };
  filter: {
    maxTokens: number;
    overlong: string;
    scripts?: readonly string[] | undefined;
    personalNames?: string | undefined;
  };
  rewards: readonly { type: RewardTypeName }[];
  heldOut?: { type: RewardTypeName } | undefined;
  tuneUnet?: object | undefined;
  alarm?: { similarity: number } | undefined;
  sweep: { unets?: boolean | undefined };
  benchmarks?: readonly { source: string; categoryColumns?: readonly string[] | undefined }[] | undefined;
  evaluate: { arms?: readonly { fromStart?: boolean | undefined }[] | undefined };
  stages?: Readonly<Record<string, { cache?: string | undefined }>> | undefined;
}

/** A key that has no effect beside the others, and why. */
type Idle = [path: (string | number)[], why: string];

/**
 * Lists the keys that have no effect beside the values of other keys. These may have none and are taken all the same:
 * `warmup`, `checkpointEvery`, `keepEvery` and `alarm.every` above the number of steps, `images` above that of prompts and
 * `finalists` above that of networks, so that a short trial changes one number; `maxTokens` above the tokenizer's length;
 * `engine.lanes` above the batch; `rollout.runtime` where K is T; `augment.paraphrase` and bounds of the oracle, since
 * prompts of an embedded world may come in files; and the cache of a stage that is off.
 */
export function idleKeys(config: Config): Idle[] {
  return [prompts, filter, rewards, alarm, sweep, benchmarks, arms, stages].flatMap((section) => section(config));
}

const noFiles = (source: string) => `the source is ${source}, which is not read from files`;

const set = (section: object, keys: readonly string[], at: (string | number)[], why: string): Idle[] =>
  keys.flatMap((key): Idle[] => (Object(section)[key] === undefined ? [] : [[[...at, key], why]]));

function prompts({ prompts: section }: Config): Idle[] {
  if (!isWorldName(section.source)) return [];
  return set(section, ['column', 'encoding', 'comments', 'split', 'malformed'], ['prompts'], noFiles(section.source));
}

function filter({ filter: section, benchmarks = [] }: Config): Idle[] {
  return [
    ...(section.scripts ? [] : set(section, ['scriptShare'], ['filter'], 'filter.scripts names no scripts')),
    ...(section.personalNames === 'drop'
      ? []
      : set(section, ['personalNameFiles'], ['filter'], 'filter.personalNames is not drop')),
    ...(benchmarks.length > 0 ? [] : set(section, ['benchmarkSimilarity'], ['filter'], 'there are no benchmarks')),
    ...(section.maxTokens <= 2
      ? ([[['filter', 'maxTokens'], 'every prompt has more: start and end are two tokens']] as Idle[])
      : []),
  ];
}

const sweep = ({ sweep: section, tuneUnet }: Config): Idle[] =>
  tuneUnet ? [] : set(section, ['unets'], ['sweep'], 'there is no tuneUnet');

function rewards({ rewards: trained, heldOut }: Config): Idle[] {
  const all = [
    ...trained.map((reward, i) => [reward, ['rewards', i]] as const),
    ...(heldOut ? [[heldOut, ['heldOut']] as const] : []),
  ];
  return all.flatMap(([reward, at]) =>
    REWARD_KEYS.filter((key) => !REWARD_TRAITS[reward.type].includes(key)).flatMap((key) =>
      set(reward, [key], [...at], `a reward of type ${reward.type} has none of its own`),
    ),
  );
}

function alarm({ alarm: section, rewards: trained, heldOut }: Config): Idle[] {
  if (!section || heldOut || trained.some(({ type }) => type === 'clip-similarity')) return [];
  const { similarity } = alarmSchema.parse({});
  return section.similarity === similarity
    ? []
    : [[['alarm', 'similarity'], 'there is neither a heldOut reward nor one of type clip-similarity to watch']];
}

function benchmarks({ benchmarks: all = [] }: Config): Idle[] {
  return all.flatMap((benchmark, i) => {
    if (!isWorldName(benchmark.source)) return [];
    const { categoryColumns, ...rest } = benchmark;
    const given = categoryColumns?.length ? { ...rest, categoryColumns } : rest;
    return set(given, ['column', 'split', 'categoryColumns'], ['benchmarks', i], noFiles(benchmark.source));
  });
}

function arms({ evaluate: { arms: all = [] } }: Config): Idle[] {
  return all.flatMap((arm, i) =>
    arm.fromStart ? set(arm, ['lastSteps'], ['evaluate', 'arms', i], 'fromStart uses the arm in all steps') : [],
  );
}

function stages({ stages: all = {} }: Config): Idle[] {
  return Object.entries(all).flatMap(([name, stage]) =>
    stage.cache === 'off' ? set(stage, ['maxAge'], ['stages', name], 'cache is off, so no result is reused') : [],
  );
}
