// What several stages take of the configuration, and the files that they read.
import { join } from 'node:path';
import { companionsOf, tokenizerBeside } from './keys/companion-files.ts';
import type { Config } from './config/config.ts';
import { OWN_ENCODER } from '../evaluation/evaluation-names.ts';
import { isWorldName } from '../world/scenes/common/world-names.ts';
import { stageRewards } from './config/sections/tuning-settings.ts';

export const tokenizer = ({ model }: Config) => join(model, 'tokenizer');
const filesOf = (reward: { model: string; head?: string | undefined; tokenizer?: string | undefined }) =>
  [reward.model, companionsOf(reward.model), reward.head ?? [], reward.tokenizer ?? []].flat();
/** Files of a network, including the tokenizer that may come with an encoder. */
export const networkFiles = (path: string) => [path, ...companionsOf(path), ...tokenizerBeside(path)];
export const trained = ({ rewards }: Config) => rewards.flatMap(filesOf);
export const judged = (c: Config) => [c.model, ...trained(c), ...(c.heldOut ? filesOf(c.heldOut) : [])];
export const sampling = ({ model, sampler }: Config) => ({ model, sampler });
export const champion = ({ champion: version }: Config) => {
  if (!version) return {};
  const { version: _, ...networks } = version;
  return { champion: networks };
};
export const championFiles = ({ champion: version }: Config) =>
  version ? [...networkFiles(version.encoder), ...[version.unet ?? [], version.exported ?? []].flat()] : [];
export const judging = (c: Config) => ({
  ...sampling(c),
  rewards: c.rewards,
  ...(c.heldOut ? { heldOut: c.heldOut } : {}),
});
export const tuning = <S extends { rewardWeights?: Record<string, number> | undefined }>(
  c: Config,
  { rewardWeights, ...stage }: S,
) => ({ ...stage, ...sampling(c), rewards: stageRewards(c.rewards, rewardWeights), ...(c.alarm ? watching(c) : {}) });
const watching = ({ alarm, heldOut }: Config) => ({ alarm, ...(heldOut ? { heldOut } : {}) });
export const tuningFiles = (c: Config) => [c.model, ...(c.alarm ? judged(c).slice(1) : trained(c))];
export const benchmarks = ({ benchmarks }: Config) => (benchmarks ? { benchmarks } : {});
export const benchmarkFiles = ({ benchmarks = [] }: Config) =>
  benchmarks.map(({ source }) => source).filter((source) => !isWorldName(source));
export const armFiles = ({ evaluate }: Config) =>
  (evaluate.arms ?? []).flatMap(({ mix }) => mix.flatMap(({ encoder }) => networkFiles(encoder)));
export const styleFiles = ({ styles }: Config) =>
  styles!.encoders.flatMap(({ encoder }) => (encoder === OWN_ENCODER ? [] : networkFiles(encoder)));
export const extended = ({ shard }: Config) => (shard.extends === undefined ? {} : { extends: shard.extends });
