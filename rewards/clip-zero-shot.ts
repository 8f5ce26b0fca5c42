import { int32, Program } from '../engine/program/program.ts';
import { tf } from '../engine/tensorflow.ts';
import type { Weight } from '../engine/weights/weights.ts';
import { logitScale, textFeatures } from '../models/clip/clip.ts';
import { embeddingOf, imageEmbedding, unit } from './clip-model.ts';
import { clipTokenizer, type ClipModel } from './files/clip-files.ts';
import { textsOf } from './inspect-rewards.ts';
import { withoutPrompt, type RewardSpec } from './reward.ts';
import type { RewardType } from './reward-type.ts';

/**
 * Logarithm of the probability that CLIP gives `text` among itself and the texts of `against`, whatever the prompt
 * (zero-shot classification, Radford et al. 2021, section 3.1): a reward for a style that no prompt asks for.
 */
export const clipZeroShot: RewardType = {
  async load(spec, models) {
    const clip = await models.get(spec);
    const name = `${spec.name}.texts`;
    const count = textsOf(spec).length;
    return {
      ...withoutPrompt,
      weights: new Map([...clip.weights('vision'), [name, await textLogits(spec, clip)]]),
      scoreWithFeatures(p, image, _features, shared) {
        const texts = p.get(name, [count, clip.config.projection_dim]);
        const logits = imageEmbedding(p, clip, image, 'crop', shared).matMul(texts, false, true);
        const wanted = logits.slice([0, 0], [-1, 1]).reshape([-1]);
        const highest = logits.max(1, true);
        return wanted.sub(
          logits
            .sub(highest)
            .exp()
            .sum(1)
            .log()
            .add(highest.reshape([-1])),
        );
      },
      embedding: embeddingOf(clip, 'crop'),
    };
  },
};

/** Unit text embeddings times the logit scale, [texts, D]: their products with a picture's embedding are its logits. */
async function textLogits(spec: RewardSpec, clip: ClipModel): Promise<Weight> {
  const texts = textsOf(spec);
  const { tokenizer, promptLength } = await clipTokenizer(spec, clip);
  const program = new Program();
  program.entry('embed', { ids: int32(texts.length, promptLength) }, ({ ids }, scope) => {
    const p = scope.parameters('clip').at(clip.scope);
    return { texts: unit(textFeatures(p, clip.config, ids)).mul(logitScale(p).exp()) };
  });
  program.compile();
  program.load('clip', clip.weights('text'));
  const ids = tf.tensor2d(tokenizer.batch(texts, promptLength), [texts.length, promptLength], 'int32');
  const { texts: logits } = program.run('embed', { ids });
  const weight = { shape: logits!.shape, data: logits!.dataSync() as Float32Array };
  tf.dispose([ids, logits!]);
  program.dispose();
  return weight;
}
