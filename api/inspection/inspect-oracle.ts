import { InputError } from '../../common/errors.ts';
import { EXACT_METRICS } from '../../evaluation/evaluation-names.ts';
import type { LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { vaeScale } from '../../models/vae/vae-config.ts';
import { worldOf, type Config } from '../../pipeline/config/config.ts';
import { knownWorld, worldOfSide, worldSides } from '../../world/known/known-worlds.ts';
import { isWorldName, worldTitles } from '../../world/scenes/common/world-names.ts';

/**
 * Checks what needs pictures of an embedded world: for a model with pictures of another size its exact judge measures
 * nothing, and not every world has every metric.
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
export function inspectOracle(settings: Config, { config, folder }: LoadedPipeline): void {
  const { sweep, registry, heldOut, baselines, styles } = settings;
  const size = config.unet.sample_size * vaeScale(config.vae);
  const source = worldOf(settings);
  const asked = source ? knownWorld(source) : worldOfSide(size);
  const judge = asked?.side === size ? asked : undefined;
  const refuse = (key: string, is: string, sides: number | string, remedy: string): never => {
    throw new InputError(
      `${key} ${is}, which takes pictures of ${sides} pixels; those of ${folder} have ${size}: ${remedy}.`,
    );
  };
  const sides = asked?.side ?? worldSides;
  if (!judge && sweep.chooseBy === 'oracle')
    refuse('sweep.chooseBy', 'is oracle', sides, 'set it to heldOut or rewards');
  const pictures = baselines?.direct?.pictures;
  if (pictures !== undefined && isWorldName(pictures) && knownWorld(pictures).side !== size)
    refuse(
      'baselines.direct.pictures',
      `is ${pictures}`,
      knownWorld(pictures).side,
      'name a folder of your own pictures',
    );
  for (const { name, metric } of styles?.encoders ?? []) {
    if (!EXACT_METRICS.includes(metric)) continue;
    const key = `styles.encoders: the metric of "${name}"`;
    if (!judge) refuse(key, `is ${metric}`, sides, 'name a reward');
    else if (!judge.metrics.includes(metric))
      throw new InputError(
        `${key} is ${metric}, which ${worldTitles[judge.name]} does not have; it has ${judge.metrics.join(', ')}.`,
      );
  }
  const { gate, promote } = registry;
  for (const rival of ['base', 'champion'] as const) {
    const exact = Object.keys(gate[rival] ?? {}).filter((metric) => EXACT_METRICS.includes(metric));
    if (exact.length > 0 && !judge)
      refuse(`registry.gate.${rival}`, `bounds ${exact[0]!}`, sides, 'leave out this bound');
    const missing = exact.find((metric) => !judge?.metrics.includes(metric));
    if (judge && missing !== undefined)
      throw new InputError(
        `registry.gate.${rival} bounds ${missing}, which ${worldTitles[judge.name]} does not have: leave out this bound.`,
      );
  }
  if (!judge && promote === 'auto' && gate.base === undefined && !heldOut)
    throw new InputError(
      `registry.promote is auto, but nothing would pass the gate: it decides by heldOut and oracle, of which this configuration measures neither. Add a heldOut reward, or name other metrics in registry.gate.base and registry.gate.champion.`,
    );
}
