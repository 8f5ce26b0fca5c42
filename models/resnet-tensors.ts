import { convolutionTensors, linearTensors, normTensors, type ExpectedTensors } from './folder/expected-tensors.ts';

/** Lists the tensors that `resnetBlock` reads. @param time width of the time embedding, if any */
export function* resnetTensors(name: string, inputs: number, outputs: number, time?: number): ExpectedTensors {
  yield* normTensors(`${name}.norm1`, inputs);
  yield* convolutionTensors(`${name}.conv1`, inputs, outputs);
  if (time !== undefined) yield* linearTensors(`${name}.time_emb_proj`, time, outputs);
  yield* normTensors(`${name}.norm2`, outputs);
  yield* convolutionTensors(`${name}.conv2`, outputs, outputs);
  if (inputs !== outputs) yield* convolutionTensors(`${name}.conv_shortcut`, inputs, outputs, 1);
}
