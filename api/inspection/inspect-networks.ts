import { InputError } from '../../common/errors.ts';
import type { Weights } from '../../engine/weights/weight.ts';
import { OWN_ENCODER } from '../../evaluation/evaluation-names.ts';
import { requireGuide } from '../../evaluation/pictures/guide-channels.ts';
import { clipTextTensors } from '../../models/clip/clip-tensors.ts';
import { LORA_TARGETS } from '../../models/lora/lora-targets.ts';
import { requireTensors } from '../../models/folder/expected-tensors.ts';
import { requireEncoder } from '../../models/folder/other-encoder.ts';
import { withUnet } from '../../models/folder/other-unet.ts';
import { loadTextEncoder, loadUnet, type LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { unetTensors } from '../../models/unet/unet-tensors.ts';
import { worldOf, type Config } from '../../pipeline/config/config.ts';
import { knownWorld } from '../../world/known/known-worlds.ts';

/**
 * Checks that the other networks that a run names, and the layers that it adapts, fit its model.
 * @throws InputError
 * @example
 * ```ts
 * import { inspectNetworks } from './api/inspection/inspect-networks.ts';
 * import { loadPipeline } from './models/folder/pipeline-folder.ts';
 * import { readYaml } from './pipeline/config/config-file.ts';
 * import { configSchema } from './pipeline/config/config.ts';
 *
 * const config = configSchema.parse(await readYaml('my.yaml', 'The configuration'));
 * await inspectNetworks(config, await loadPipeline(config.model));
 * ```
 */
export async function inspectNetworks(config: Config, pipeline: LoadedPipeline): Promise<void> {
  const { tuneEncoder, tuneUnet, evaluate, champion, transfer, styles } = config;
  const { textEncoder, unet } = pipeline.config;
  if (tuneEncoder.startFrom !== undefined)
    requireTensors(await loadTextEncoder(tuneEncoder.startFrom), clipTextTensors(textEncoder), tuneEncoder.startFrom);
  for (const { mix } of evaluate.arms ?? []) for (const { encoder } of mix) await requireEncoder(encoder, pipeline);
  for (const encoder of [champion?.encoder ?? [], champion?.exported ?? []].flat())
    await requireEncoder(encoder, pipeline);
  for (const { encoder } of styles?.encoders ?? [])
    if (encoder !== OWN_ENCODER) await requireEncoder(encoder, pipeline);
  if (champion?.unet !== undefined) requireTensors(await loadUnet(champion.unet), unetTensors(unet), champion.unet);
  const source = worldOf(config);
  for (const { name, unet: folder, guide } of transfer?.unets ?? []) {
    const other = await withUnet(pipeline, folder);
    try {
      requireGuide(guide, other.config, source && knownWorld(source));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(`transfer.unets: "${name}" (${folder}): ${error.message}`);
    }
  }
  const { weights } = pipeline;
  requireAdapters('tuneEncoder.lora', tuneEncoder.lora, weights.textEncoder, 'text_encoder');
  requireAdapters('tuneEncoder.joint.lora', tuneEncoder.joint?.lora, weights.unet, 'unet');
  requireAdapters('tuneUnet.lora', tuneUnet?.lora, weights.unet, 'unet');
}

/** Checks that adapters have layers, chosen by the end of a linear layer's name, and a rank below their full one. */
function requireAdapters(
  key: string,
  lora: Config['tuneEncoder']['lora'],
  weights: Weights,
  network: keyof typeof LORA_TARGETS,
): void {
  if (!lora) return;
  const layers = [...weights].flatMap(([name, { shape }]) =>
    shape.length === 2 && name.endsWith('.weight')
      ? [{ name: `.${name.slice(0, -'.weight'.length)}`, width: Math.min(...shape) }]
      : [],
  );
  const named = network === 'unet' ? 'the UNet' : 'the text encoder';
  for (const target of lora.targets ?? LORA_TARGETS[network]) {
    const adapted = layers.filter(({ name }) => name.endsWith(`.${target}`));
    if (adapted.length === 0 && lora.targets)
      throw new InputError(`${key}.targets: no linear layer of ${named} is named "${target}".`);
    const narrow = adapted.find(({ width }) => width < lora.rank);
    if (narrow)
      throw new InputError(
        `${key}.rank is ${lora.rank}; expected at most ${narrow.width}, the width of the layer ${narrow.name.slice(1)} of ${named}, at which an adapter is as large as the layer.`,
      );
  }
}
