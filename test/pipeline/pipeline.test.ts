import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definePipeline, findStage } from '../../pipeline/pipeline.ts';
import { defineStage } from '../../pipeline/stage.ts';
import { textcraftor } from '../../pipeline/textcraftor.ts';

const schema = z.strictObject({
  name: z.string(),
  seed: z.int(),
  engine: z.strictObject({ threads: z.int(), xla: z.boolean() }),
});
type Settings = z.infer<typeof schema>;
const common = { name: 'p', schema, root: import.meta.url };
const first = defineStage({ name: 'first', inputs: [], module: 'a.ts', config: (s: Settings) => s.seed });
const second = defineStage({ name: 'second', inputs: ['first'], module: 'a.ts', config: (s: Settings) => s.name });

describe('definePipeline', () => {
  it('orders the stages, inputs first', () => {
    const pipeline = definePipeline({ ...common, stages: [second, first] });
    expect(pipeline.stages.map(({ name }) => name)).toEqual(['first', 'second']);
  });

  it('refuses an input that is no stage, when it is compiled and when it is run', () => {
    // @ts-expect-error: the type of `stages` says which input is unknown
    expect(() => definePipeline({ ...common, stages: [second] })).toThrow(
      'Stage "second" reads "first", which is no stage',
    );
  });

  it('refuses a result that is no stage', () => {
    // @ts-expect-error: results are names of stages
    expect(() => definePipeline({ ...common, stages: [first], results: ['frist'] })).toThrow('did you mean "first"?');
  });

  it('names the nearest stage when one is not there', () => {
    const pipeline = definePipeline({ ...common, stages: [first, second] });
    expect(findStage(pipeline, 'second')).toBe(second);
    expect(() => findStage(pipeline, 'secnd')).toThrow('Pipeline "p" has no stage "secnd"; did you mean "second"?');
  });
});

describe('the textcraftor pipeline', () => {
  it('has a module for each stage', () => {
    for (const { name, module } of textcraftor.stages)
      expect(existsSync(fileURLToPath(new URL(module, textcraftor.root))), `${name}: ${module}`).toBe(true);
  });
});
