/**
 * Measures the forward passes in ONNX Runtime: `node --import tsx bench/forward.ts SPECIFICATION.json` prints one JSON
 * object.
 */
import { readFileSync } from 'node:fs';
import { OnnxSession, type OnnxTensor } from '../engine/onnx/session.ts';
import { readSafetensors, writeSafetensors } from '../engine/weights/safetensors.ts';
import type { ForwardSpecification, Timing } from './specification.ts';

const spec = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as ForwardSpecification;
const file = await readSafetensors(spec.inputs);
const inputs = file.names.map((name): [string, OnnxTensor] => {
  const data = file.float32(name);
  return [name, { shape: file.info(name).shape, data: name === 'input_ids' ? Int32Array.from(data) : data }];
});
const session = await OnnxSession.load(spec.onnx, { threads: spec.threads });
const timings: Timing[] = [];
let output: Record<string, OnnxTensor> = {};
for (let i = 0; i <= spec.repeats; i++) {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  output = await session.run(Object.fromEntries(inputs));
  const { user, system } = process.cpuUsage(cpu);
  timings.push({ wall: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 });
}
const y = output[session.outputs[0]!]!;
await writeSafetensors(spec.output, { y: { dtype: 'F32', shape: y.shape, data: y.data as Float32Array } });
console.log(
  JSON.stringify({ first: timings[0], steps: timings.slice(1), peakBytes: process.resourceUsage().maxRSS * 1024 }),
);
