import { InputError } from '../../common/errors.ts';
import type { Weights } from '../../engine/weights/weight.ts';
import { requireGuide } from '../../evaluation/pictures/guide-channels.ts';
import { clipTextTensors } from '../../models/clip/clip-tensors.ts';
import { requireTensors } from '../../models/folder/expected-tensors.ts';
import { requireEncoder } from '../../models/folder/other-encoder.ts';
import { withUnet } from '../../models/folder/other-unet.ts';
import { loadTextEncoder, loadUnet, type LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { unetTensors } from '../../models/unet/unet-tensors.ts';
import type { Config } from '../../pipeline/config/config.ts';

/** Checks that the other networks that a run names, and the layers that it adapts, fit its model. @throws InputError */
export async function inspectNetworks(config: Config, pipeline: LoadedPipeline): Promise<void> {
  const { tuneEncoder, tuneUnet, evaluate, champion, transfer } = config;
  const { textEncoder, unet } = pipeline.config;
  if (tuneEncoder.startFrom !== undefined)
    requireTensors(await loadTextEncoder(tuneEncoder.startFrom), clipTextTensors(textEncoder), tuneEncoder.startFrom);
  for (const { mix } of evaluate.arms ?? []) for (const { encoder } of mix) await requireEncoder(encoder, pipeline);
  for (const encoder of [champion?.encoder ?? [], champion?.exported ?? []].flat())
    await requireEncoder(encoder, pipeline);
  if (champion?.unet !== undefined) requireTensors(await loadUnet(champion.unet), unetTensors(unet), champion.unet);
  for (const { name, unet: folder, guide } of transfer?.unets ?? []) {
    const other = await withUnet(pipeline, folder);
    try {
      requireGuide(guide, other.config);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(`transfer.unets: "${name}" (${folder}): ${error.message}`);
    }
  }
  const { weights } = pipeline;
  requireLayers('tuneEncoder.lora.targets', tuneEncoder.lora?.targets, weights.textEncoder, 'the text encoder');
  requireLayers('tuneEncoder.joint.lora.targets', tuneEncoder.joint?.lora?.targets, weights.unet, 'the UNet');
  requireLayers('tuneUnet.lora.targets', tuneUnet?.lora?.targets, weights.unet, 'the UNet');
}

/** Adapters are chosen by the end of a linear layer's name. */
function requireLayers(key: string, targets: readonly string[] = [], weights: Weights, network: string): void {
  const layers = [...weights].flatMap(([name, { shape }]) =>
    shape.length === 2 && name.endsWith('.weight') ? [`.${name.slice(0, -'.weight'.length)}`] : [],
  );
  const missing = targets.find((target) => !layers.some((layer) => layer.endsWith(`.${target}`)));
  if (missing !== undefined) throw new InputError(`${key}: no linear layer of ${network} is named "${missing}".`);
}
