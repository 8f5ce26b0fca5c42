import { describe, expect, it } from 'vitest';
import type { ZodType } from 'zod';
import { applySettings } from '../../../pipeline/config/config-settings.ts';
import { checkConfig, checkout, readYaml } from '../../../pipeline/config/config-file.ts';
import { definition } from '../../../pipeline/config/config-keys.ts';
import { configSchema } from '../../../pipeline/config/config.ts';

/** All sections in full, so that no key of the schema is left out. */
const loop =
  'steps: 1, batch: 1, learningRate: 1, warmup: 1, weightDecay: 1, gradientClip: 1, checkpointEvery: 1, keepEvery: 1';
const tuning = `{${loop}, optimizer: {states: 8bit}, rewardWeights: {clip: 1}, gradient: GRADIENT, lora: {rank: 1, alpha: 1, targets: [a]}, average: 0.5, weightPull: 0, augment: {crop: 0.1, flip: true, cutout: 0.1, wordDropout: 0.1, paraphrase: true}`;
const hpsv2 = '{type: hpsv2, model: a, tokenizer: a}';
const ddpo = `{${loop.replace('batch: 1', 'batch: 2')}, epochs: 1, clipRange: 1, group: 1, largestAdvantage: 1, eta: 1}`;
const settings = (gradient: string, hook: string, rewriter: string, off: string, heldOut = hpsv2): string[] => [
  'prompts={source: a, column: a, limit: 1, encoding: utf-8, malformed: skip, comments: hash, split: train}',
  'filter={minCharacters: 1, maxCharacters: 9, maxTokens: 9, overlong: drop, blocked: [a], blockedFiles: [a], nsfw: keep, personalNames: drop, personalNameFiles: [a], weights: keep, flags: keep, scripts: [Latin], scriptShare: 0.5, languages: [en], maxRepetition: 0.5, benchmarkSimilarity: 0.5, nearDuplicates: {similarity: 0.5, keep: 1}}',
  'shard={rows: 1, validation: 0.1, test: 0.1, extends: a}',
  'rollout={prompts: 1, samplesPerPrompt: 1, batch: 1, runtime: onnx}',
  'rewards=[{name: clip, type: aesthetic, model: a, head: a, weight: 1}, {name: b, type: clip-similarity, model: a, tokenizer: a, weight: 1}, {name: c, type: clip-zero-shot, model: a, text: a, against: [b], weight: 1}]',
  `heldOut=${heldOut}`,
  `tuneEncoder=${tuning}, startFrom: a, embeddingPull: 1}`.replace('GRADIENT', gradient),
  `tuneUnet=${tuning}, blend: 1}`.replace('GRADIENT', gradient),
  `baselines={promptEngineering: {corpus: shapes, corpusPrompts: 1, least: 0.5, phrases: 1, prompts: 1, longest: 1, samplesPerPrompt: 1, chooseBy: oracle, rewriter: {${rewriter}, timeoutSeconds: 1, batch: 1}}, ddpoEncoder: ${ddpo}, ddpoUnet: ${ddpo}, direct: {${loop}, pictures: a, count: 1}}`,
  'alarm={every: 1, prompts: 1, samplesPerPrompt: 2, diversity: 0.5, similarity: 1, attributes: 0.1, patience: 1}',
  'sweep={blends: [0.5], prompts: 1, samplesPerPrompt: 1, chooseBy: auto, finalists: 1}',
  'evaluate={prompts: 1, samplesPerPrompt: 2, images: 1, scheduler: ddim, steps: 8, blends: [0.5], arms: [{name: a, mix: [{encoder: a, weight: 1}], lastSteps: 1}, {name: b, mix: [{encoder: a, weight: 1}], fromStart: true}]}',
  'transfer={unets: [{name: a, unet: a, guide: none}], prompts: 1, samplesPerPrompt: 1, images: 1}',
  'styles={encoders: [{name: neon, encoder: a, metric: quality}, {name: b, encoder: tuned, metric: clip}], weights: [0, 1], mixes: [{neon: 1}], prompts: 1, samplesPerPrompt: 1, grid: {prompts: 1, steps: 2}}',
  'benchmarks=[{name: a, source: a, column: a, categoryColumns: [a], limit: 1, split: test, arms: [tuned]}]',
  'champion={version: 1, encoder: a, unet: a, blend: 1, exported: a}',
  'registry={name: a, promote: auto, gate: {arms: [chosen], base: {clip: 1}, champion: {clip: 1}, diversity: 0.5}}',
  `notify=[${hook}]`,
  'ablations=[{seed: [1]}]',
  `stages={evaluate: ${off}}`,
  'engine={threads: 1, xla: true, lanes: 1, dtype: float32}',
];
const aesthetic = '{type: aesthetic, model: a, head: a}';
const zeroShot = '{type: clip-zero-shot, model: a, text: a, against: [b]}';
const variants = [
  settings('{type: last, steps: 1}', '{webhook: "https://a.b/c"}', 'url: "https://a.b"', '{cache: off}', aesthetic),
  settings('{type: random}', '{command: [a]}', 'command: [a]', '{cache: true, maxAge: 5}', zeroShot),
  settings('{type: draft-lv, repeats: 1}', '{command: [a]}', 'command: [a]', '{cache: on, maxAge: 7d}'),
  // Not beside a section tuneUnet.
  [
    ...settings('{type: random}', '{command: [a]}', 'command: [a]', '{cache: on}'),
    'tuneEncoder.joint={learningRate: 1, lora: {rank: 1, alpha: 1, targets: [a]}}',
  ],
];

interface Leaf {
  path: string[];
  schema: ZodType;
  value: unknown;
}

/** Each scalar of a configuration with its schema. */
function leaves(schema: ZodType, value: unknown, path: string[] = []): Leaf[] {
  const { innerType, shape, element, valueType, options, in: input } = definition(schema);
  if (innerType) return leaves(innerType, value, path);
  if (input) return leaves(input, value, path);
  if (options && Array.isArray(options)) {
    const own = options.find((option) => option.safeParse(value).success)!;
    return leaves(own, value, path);
  }
  if (shape)
    return Object.entries(shape).flatMap(([key, inner]) =>
      (value as object)[key as never] === undefined
        ? []
        : leaves(inner, (value as object)[key as never], [...path, key]),
    );
  if (element) return (value as unknown[]).flatMap((item, i) => leaves(element, item, [...path, `${i}`]));
  if (valueType)
    return Object.entries(value as object).flatMap(([key, item]) => leaves(valueType, item, [...path, key]));
  return [{ path, schema, value }];
}

/** The keys of all objects of the schema, as `a.b`, list places left out. */
function keys(schema: ZodType, path: string[] = []): string[] {
  const { innerType, shape, element, valueType, options, in: input } = definition(schema);
  const inner = innerType ?? input ?? element;
  if (inner) return keys(inner, path);
  if (Array.isArray(options)) return options.flatMap((option) => keys(option, path));
  if (valueType) return keys(valueType, [...path, '*']);
  if (!shape) return [path.join('.')];
  return Object.entries(shape).flatMap(([key, value]) => keys(value, [...path, key]));
}

/** A step away from a bound that a double can tell, however large the bound. */
const stepFrom = (bound: number): number => Math.max(1, Math.abs(bound) / 1e6);

/** Values that a leaf of this kind does not take. */
function wrong({ path, schema, value }: Leaf): unknown[] {
  if (path[0] === 'stages') return [{ a: 1 }, [], null, 'nonsense']; // texts, numbers and switches
  const { minValue, maxValue } = schema as { minValue?: number; maxValue?: number };
  const bounds =
    (schema.def as unknown as { checks?: { _zod: { def: { check: string; value: number } } }[] }).checks ?? [];
  const outside = bounds.flatMap(({ _zod: { def } }) =>
    def.check === 'greater_than'
      ? [def.value - stepFrom(def.value)]
      : def.check === 'less_than'
        ? [def.value + stepFrom(def.value)]
        : [],
  );
  const isNumber = typeof value === 'number';
  return [
    { a: 1 },
    [],
    null,
    ...(isNumber ? ['nonsense', '1', true, NaN, Infinity, -Infinity, ...outside] : []),
    ...(isNumber && (schema as { format?: string }).format === 'safeint' ? [0.5, 1e300] : []),
    ...(minValue !== undefined && minValue > -1e9 && isNumber ? [minValue - 1] : []),
    ...(maxValue !== undefined && maxValue < 1e9 && isNumber ? [maxValue + 1] : []),
    ...(typeof value === 'string' ? [5, true] : []),
    ...(definition(schema).type === 'enum' ? ['nonsense', ''] : []),
    ...(typeof value === 'boolean' ? ['nonsense', 2] : []),
  ];
}

function replaced(raw: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(raw)
    ? [...(raw as unknown[])]
    : { ...(raw as object) };
  copy[key as never] = replaced(copy[key as never], rest, value) as never;
  return copy;
}

describe('every key of the configuration', async () => {
  const tiny = await readYaml(`${checkout}configs/shapes.yaml`, 'tiny');
  const raws = variants.map((variant, i) => {
    const raw = applySettings(tiny, variant) as Record<string, unknown>;
    if (i === variants.length - 1) delete raw['tuneUnet'];
    return raw;
  });

  it('is in one of the tested configurations', () => {
    const all = new Set(keys(configSchema));
    for (const raw of raws) {
      checkConfig(configSchema, raw, 'full'); // they are valid themselves
      for (const { path } of leaves(configSchema, raw))
        all.delete(
          path
            .filter((key) => !/^\d+$/.test(key))
            .join('.')
            .replace(/(rewardWeights|gate\.base|gate\.champion)\.clip$/, '$1.*')
            .replace(/^styles\.mixes\.neon/, 'styles.mixes.*')
            .replace(/^ablations\.seed/, 'ablations.*')
            .replace(/^stages\.evaluate/, 'stages.*'),
        );
    }
    expect([...all]).toEqual([]);
  });

  it('is refused by name when its value is of another kind or out of range', () => {
    let tried = 0;
    for (const raw of raws)
      for (const leaf of leaves(configSchema, raw).filter(({ path }) => path[0] !== 'ablations'))
        // any scalar
        for (const value of wrong(leaf)) {
          const changed = replaced(raw, leaf.path, value);
          const label = `${leaf.path.join('.')} = ${JSON.stringify(value)}`;
          let message = `${label} was taken`;
          try {
            checkConfig(configSchema, changed, 'full');
          } catch (error) {
            expect((error as Error).name, label).toBe('InputError');
            message = (error as Error).message;
          }
          expect(message, label).toContain(leaf.path.join('.'));
          expect(message, label).toMatch(/^full: /);
          expect(message.length, label).toBeLessThan(600);
          tried++;
        }
    expect(tried).toBeGreaterThan(1000);
  });
});
