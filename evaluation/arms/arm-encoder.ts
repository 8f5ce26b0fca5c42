import { int32, Program } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import { clipText } from '../../models/clip/clip-text.ts';
import type { OtherEncoder } from '../../models/folder/other-encoder.ts';
import { loadTextEncoder } from '../../models/folder/pipeline-folder.ts';
import type { Embeddings, Prompt } from '../pictures/picture-generator.ts';

/** Embeds prompts and the empty prompt in the length that the pipeline's UNet expects. */
export async function embedWith(
  { path, config, tokenizer }: OtherEncoder,
  prompts: readonly Prompt[],
  length: number,
): Promise<Embeddings> {
  const batch = Math.min(32, prompts.length + 1);
  const program = new Program();
  program.entry('encode', { ids: int32(batch, length) }, ({ ids }, scope) => ({
    hidden: clipText(scope.parameters('encoder'), config, ids).hidden,
  }));
  program.compile();
  program.load('encoder', await loadTextEncoder(path), path);
  const values = length * config.hidden_size;
  const all = new Float32Array((prompts.length + 1) * values);
  const texts = [...prompts.map(({ prompt }) => prompt), ''];
  for (let first = 0; first < texts.length; first += batch) {
    const part = Array.from({ length: batch }, (_, i) => texts[first + i] ?? '');
    const input = tf.tensor2d(tokenizer.batch(part, length), [batch, length], 'int32');
    const { hidden } = program.run('encode', { ids: input });
    all.set(hidden!.dataSync().subarray(0, Math.min(batch, texts.length - first) * values), first * values);
    tf.dispose([input, hidden!]);
  }
  program.dispose();
  return { condition: all.slice(0, -values), unconditional: all.slice(-values) };
}
