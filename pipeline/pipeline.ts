import type { CommonSettings } from './common-settings.ts';
import type { ZodType } from 'zod';
import { InputError } from '../common/errors.ts';
import { nearest } from '../common/text/nearest.ts';
import { topologicalOrder } from './graph.ts';
import { lintGraph } from './lint.ts';
import type { Stage } from './stage.ts';

/** A directed acyclic graph of stages over one configuration. */
export interface Pipeline<Settings extends CommonSettings = CommonSettings> {
  readonly name: string;
  /** The configuration's shape, defaults and bounds. */
  readonly schema: ZodType<Settings>;
  /** Module, relative to `root`, that exports `inspect` ({@link file://./inspection.ts}): checks before a run. */
  readonly inspection?: string;
  /** File URL of the folder with the stages' modules. */
  readonly root: string;
  /** Makes the paths in a configuration absolute. */
  resolvePaths?(settings: Settings, absolute: (path: string) => string): Settings;
  /** The stages, inputs first. */
  readonly stages: readonly Stage<Settings, string, string>[];
}

// Method parameters are bivariant, so stages of any slice fit here.
type AnyStage<Settings> = Stage<Settings, string, string, unknown>;
type NameOf<S> = S extends { readonly name: infer Name } ? Name : never;
type InputOf<S> = S extends {
  readonly inputs: readonly (infer Input)[];
  readonly optionalInputs?: readonly (infer Optional)[];
}
  ? Input | (string extends Optional ? never : Optional) // inferred as string where there are none
  : never;
/** `unknown` when every input names a stage, else a type that says which one does not. */
type KnownInputs<S extends readonly unknown[]> = [Exclude<InputOf<S[number]>, NameOf<S[number]>>] extends [never]
  ? unknown
  : { unknownInputs: Exclude<InputOf<S[number]>, NameOf<S[number]>> };

/**
 * Defines a pipeline and checks it: an input that is not a stage does not compile; cycles, duplicate names and stages
 * that no result needs throw here, before anything runs.
 *
 * @param results the stages that the pipeline is there for; all, when it is left out
 * @example
 * ```ts
 * import { z } from 'zod';
 * import { definePipeline } from './pipeline/pipeline.ts';
 * import { defineStage } from './pipeline/stage.ts';
 *
 * const schema = z.object({
 *   name: z.string(),
 *   seed: z.int(),
 *   engine: z.object({ threads: z.int(), xla: z.boolean() }),
 *   words: z.array(z.string()),
 * });
 * type Settings = z.infer<typeof schema>;
 *
 * const list = defineStage({ name: 'list', inputs: [], module: 'list.ts', config: ({ words }: Settings) => ({ words }) });
 * const count = defineStage({ name: 'count', inputs: ['list'], module: 'count.ts', config: (_: Settings) => ({}) });
 * export const pipeline = definePipeline({ name: 'words', schema, root: import.meta.url, stages: [list, count] });
 * ```
 */
export function definePipeline<Settings extends CommonSettings, const S extends readonly AnyStage<Settings>[]>(
  definition: Omit<Pipeline<Settings>, 'stages'> & {
    readonly stages: S & KnownInputs<S>;
    readonly results?: readonly NameOf<S[number]>[];
  },
): Pipeline<Settings> {
  const { stages, results, ...rest } = definition;
  // Optional inputs count as edges: a graph that has no cycles with them has none when some stages are off.
  const nodes = stages.map((stage) => ({ ...stage, inputs: [...stage.inputs, ...(stage.optionalInputs ?? [])] }));
  const problems = [...lintGraph(nodes, results as readonly string[] | undefined), ...lintOptional(stages)];
  if (problems.length > 0) throw new InputError(`Pipeline "${rest.name}": ${problems.join(' ')}`);
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  return { ...rest, stages: topologicalOrder(nodes).map(({ name }) => byName.get(name)!) };
}

/** Lists required inputs that may be off although their reader is always on. */
function lintOptional(stages: readonly AnyStage<never>[]): string[] {
  const optional = new Set(stages.filter((stage) => stage.when).map(({ name }) => name));
  return stages.flatMap(({ name, inputs, when }) =>
    when
      ? []
      : inputs
          .filter((input) => optional.has(input))
          .map((input) => `Stage "${name}" reads "${input}", which may be off: name it among its optionalInputs.`),
  );
}

/**
 * Returns the stages that are on, inputs first. The `inputs` of each are those that it actually gets.
 * @throws InputError when a stage needs one that is off
 */
export function activeStages<Settings extends CommonSettings>(
  pipeline: Pipeline<Settings>,
  settings: Settings,
): AnyStage<Settings>[] {
  const active = pipeline.stages.filter((stage) => stage.when?.(settings) ?? true);
  const on = new Set(active.map(({ name }) => name));
  return active.map((stage) => {
    const off = stage.inputs.find((input) => !on.has(input));
    if (off !== undefined)
      throw new InputError(`Stage "${stage.name}" needs "${off}", which this configuration leaves out.`);
    return { ...stage, inputs: [...stage.inputs, ...(stage.optionalInputs ?? []).filter((input) => on.has(input))] };
  });
}

/** Finds the stage `name` among those that are on. @throws InputError that names the nearest one, or says that it is off */
export function findStage<Settings extends CommonSettings>(
  pipeline: Pipeline<Settings>,
  settings: Settings,
  name: string,
): AnyStage<Settings> {
  const active = activeStages(pipeline, settings);
  const stage = active.find((each) => each.name === name);
  if (stage) return stage;
  if (pipeline.stages.some((each) => each.name === name))
    throw new InputError(`Stage "${name}" is off in this configuration.`);
  const guess = nearest(
    name,
    active.map((each) => each.name),
  );
  throw new InputError(`Pipeline "${pipeline.name}" has no stage "${name}"; did you mean "${guess}"?`);
}
