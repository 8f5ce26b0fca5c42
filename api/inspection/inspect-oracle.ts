import { InputError } from '../../common/errors.ts';
import { EXACT_METRICS } from '../../evaluation/evaluation-names.ts';
import type { LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { vaeScale } from '../../models/vae/vae-config.ts';
import type { Config } from '../../pipeline/config/config.ts';
import { pictureSize } from '../../world/scenes/renderer.ts';

/**
 * Checks what needs pictures of the shapes world: for a model with pictures of another size the oracle measures nothing.
 * @throws InputError
 * @example
 * ```ts
 * import { inspectOracle } from './api/inspection/inspect-oracle.ts';
 * import { loadPipeline } from './models/folder/pipeline-folder.ts';
 * import { readYaml } from './pipeline/config/config-file.ts';
 * import { configSchema } from './pipeline/config/config.ts';
 *
 * const config = configSchema.parse(await readYaml('my.yaml', 'The configuration'));
 * inspectOracle(config, await loadPipeline(config.model));
 * ```
 */
export function inspectOracle(
  { sweep, registry, heldOut, baselines }: Config,
  { config, folder }: LoadedPipeline,
): void {
  const size = config.unet.sample_size * vaeScale(config.vae);
  if (size === pictureSize) return;
  const refuse = (key: string, is: string, remedy: string): never => {
    throw new InputError(
      `${key} ${is}, which takes pictures of ${pictureSize} pixels; those of ${folder} have ${size}: ${remedy}.`,
    );
  };
  if (sweep.chooseBy === 'oracle') refuse('sweep.chooseBy', 'is oracle', 'set it to heldOut or rewards');
  if (baselines?.direct?.pictures === 'shapes')
    refuse('baselines.direct.pictures', 'is shapes', 'name a folder of your own pictures');
  const { gate, promote } = registry;
  for (const rival of ['base', 'champion'] as const) {
    const exact = Object.keys(gate[rival] ?? {}).find((metric) => EXACT_METRICS.includes(metric));
    if (exact !== undefined) refuse(`registry.gate.${rival}`, `bounds ${exact}`, 'leave out this bound');
  }
  if (promote === 'auto' && gate.base === undefined && !heldOut)
    throw new InputError(
      `registry.promote is auto, but nothing would pass the gate: it decides by heldOut and oracle, of which this configuration measures neither. Add a heldOut reward, or name other metrics in registry.gate.base and registry.gate.champion.`,
    );
}
