import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { checkout, loadConfig } from '../../pipeline/config/config-file.ts';
import { activeStages, definePipeline, findStage } from '../../pipeline/pipeline.ts';
import { defineStage, type StageContext } from '../../pipeline/stage.ts';
import { textcraftor } from '../../pipeline/textcraftor.ts';

const schema = z.strictObject({
  name: z.string(),
  seed: z.int(),
  engine: z.strictObject({ threads: z.int(), xla: z.boolean() }),
});
type Settings = z.infer<typeof schema>;
const settings: Settings = { name: 'p', seed: 1, engine: { threads: 0, xla: false } };
const common = { name: 'p', schema, root: import.meta.url };
const first = defineStage({ name: 'first', inputs: [], module: 'a.ts', config: (s: Settings) => s.seed });
const second = defineStage({ name: 'second', inputs: ['first'], module: 'a.ts', config: (s: Settings) => s.name });

describe('definePipeline', () => {
  it('orders the stages, inputs first', () => {
    const pipeline = definePipeline({ ...common, stages: [second, first] });
    expect(pipeline.stages.map(({ name }) => name)).toEqual(['first', 'second']);
  });

  it('refuses an input that is not a stage, when it is compiled and when it is run', () => {
    // @ts-expect-error: the type of `stages` says which input is unknown
    expect(() => definePipeline({ ...common, stages: [second] })).toThrow(
      'Stage "second" reads "first", which is not a stage',
    );
  });

  it('refuses a result that is not a stage', () => {
    // @ts-expect-error: results are names of stages
    expect(() => definePipeline({ ...common, stages: [first], results: ['frist'] })).toThrow('did you mean "first"?');
  });

  it('names the nearest stage when one is missing', () => {
    const pipeline = definePipeline({ ...common, stages: [first, second] });
    expect(findStage(pipeline, settings, 'second').name).toBe('second');
    expect(() => findStage(pipeline, settings, 'secnd')).toThrow(
      'Pipeline "p" has no stage "secnd"; did you mean "second"?',
    );
  });
});

describe('a stage that is off', () => {
  const extra = defineStage({
    name: 'extra',
    inputs: ['first'],
    module: 'a.ts',
    config: (s: Settings) => s.seed,
    when: (s) => s.seed > 1,
  });
  const after = defineStage({ name: 'after', inputs: ['extra'], module: 'a.ts', config: (s: Settings) => s.seed });
  const last = defineStage({
    name: 'last',
    inputs: ['second'],
    optionalInputs: ['extra'],
    module: 'a.ts',
    config: (s: Settings) => s.seed,
  });
  const pipeline = definePipeline({ ...common, stages: [last, extra, second, first], results: ['last'] });
  const graph = (seed: number) =>
    activeStages(pipeline, { ...settings, seed }).map(({ name, inputs }) => [name, ...inputs].join(' '));

  it('is not in the graph, and nothing reads it', () => {
    expect(graph(1)).toEqual(['first', 'second first', 'last second']);
    expect(graph(2)).toEqual(['first', 'extra first', 'second first', 'last second extra']);
    expect(() => findStage(pipeline, settings, 'extra')).toThrow('Stage "extra" is off');
  });

  it('may not be the input of one that is always on', () => {
    expect(() => definePipeline({ ...common, stages: [first, extra, after] })).toThrow(
      'Stage "after" reads "extra", which may be off: name it among its optionalInputs.',
    );
    const gated = definePipeline({ ...common, stages: [first, extra, { ...after, when: () => true }] });
    expect(() => activeStages(gated, settings)).toThrow(
      'Stage "after" needs "extra", which this configuration leaves out.',
    );
    expect(activeStages(gated, { ...settings, seed: 2 })).toHaveLength(3);
  });

  it('is an optional input of the body', () => {
    type Inputs = StageContext<unknown, 'second', 'extra'>['inputs'];
    expectTypeOf<Inputs['second']>().toEqualTypeOf<string>();
    expectTypeOf<Inputs['extra']>().toEqualTypeOf<string | undefined>();
    // @ts-expect-error: optional inputs are stages of the pipeline too
    expect(() => definePipeline({ ...common, stages: [second, first, last] })).toThrow('which is not a stage');
  });
});

describe('the textcraftor pipeline', () => {
  it('has a module for each stage', () => {
    for (const { name, module } of textcraftor.stages)
      expect(existsSync(fileURLToPath(new URL(module, textcraftor.root))), `${name}: ${module}`).toBe(true);
  });

  it('runs tuning and the stages after it again when the weight of a reward changes, and nothing before', async () => {
    const load = (...settings: string[]) =>
      loadConfig(textcraftor, { file: 'configs/shapes.yaml', settings, folder: checkout });
    const [before, after] = [await load(), await load('rewards.clip.weight=50')];
    const changed = new Set<string>();
    for (const { name, inputs, config } of activeStages(textcraftor, before)) {
      const own = JSON.stringify(config(before)) !== JSON.stringify(config(after));
      if (own || inputs.some((input) => changed.has(input))) changed.add(name);
    }
    expect([...changed]).toEqual(['tune-encoder', 'sweep', 'evaluate', 'register', 'report']);
  });
});
