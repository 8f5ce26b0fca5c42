import { requireProgram } from '../../common/files/find-program.ts';
import { product } from '../../common/product.ts';
import { HELD_OUT } from '../../evaluation/evaluation-names.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import type { Config } from '../../pipeline/config/config.ts';
import type { Inspect } from '../../pipeline/inspection.ts';
import type { RunFacts } from '../../pipeline/stage.ts';
import { inspectRewards } from '../../rewards/inspect-rewards.ts';
import { inspectNetworks } from './inspect-networks.ts';
import { inspectOracle } from './inspect-oracle.ts';
import { inspectPictures } from './inspect-pictures.ts';
import { inspectPrompts } from './inspect-prompt-files.ts';
import { inspectSteps } from './inspect-steps.ts';

/**
 * Refuses what a stage of the run would refuse later, as far as the configuration and the headers of files show: no
 * weights are read and no engine is started. Skips what is still to be fetched (`absent`).
 * @example
 * ```ts
 * import { inspect } from './api/inspection/inspect-run.ts';
 * import { readYaml } from './pipeline/config/config-file.ts';
 * import { configSchema } from './pipeline/config/config.ts';
 *
 * const config = configSchema.parse(await readYaml('my.yaml', 'The configuration'));
 * const { promptBytes } = await inspect(config, new Set());
 * ```
 */
export const inspect: Inspect<Config> = async (config, absent, environment) => {
  const isHere = (path: string): boolean => !absent.has(path);
  const [rewriter] = config.baselines?.promptEngineering?.rewriter?.command ?? [];
  if (rewriter !== undefined && environment)
    await requireProgram('baselines.promptEngineering.rewriter.command', rewriter, environment);
  const promptBytes = await inspectPrompts(config, isHere);
  const facts: RunFacts = promptBytes === undefined ? {} : { promptBytes };
  const rewards = [
    ...config.rewards,
    ...(config.heldOut ? [{ ...config.heldOut, name: HELD_OUT, weight: 0 }] : []),
  ].filter(({ model, head, tokenizer }) =>
    [model, head, tokenizer].every((path) => path === undefined || isHere(path)),
  );
  await inspectRewards(rewards);
  if (!isHere(config.model)) return facts;
  const pipeline = await loadPipeline(config.model);
  inspectSteps(config, pipeline.config.scheduler);
  inspectOracle(config, pipeline);
  await inspectNetworks(config, pipeline);
  await inspectPictures(config, pipeline);
  const parameters = [...pipeline.weights.unet.values()].reduce((sum, { shape }) => sum + product(shape), 0);
  return { ...facts, evaluationCost: parameters * pipeline.config.unet.sample_size ** 2 };
};
