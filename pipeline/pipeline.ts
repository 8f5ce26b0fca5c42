import type { ZodType } from 'zod';
import { InputError } from '../common/errors.ts';
import { nearest } from '../common/nearest.ts';
import { topologicalOrder } from './graph.ts';
import { lintGraph } from './lint.ts';
import type { Stage } from './stage.ts';

/** What every pipeline's configuration has. */
export interface CommonSettings {
  /** Names the runs. */
  name: string;
  seed: number;
  engine: EngineSettings;
}

/** How TensorFlow computes. */
export interface EngineSettings {
  /** Threads of the trainer; 0: one a core. Results do not depend on it. */
  threads: number;
  /** Whether XLA compiles the graphs. Results depend on it. */
  xla: boolean;
}

/** A directed acyclic graph of stages over one configuration. */
export interface Pipeline<Settings extends CommonSettings = CommonSettings> {
  readonly name: string;
  /** The configuration's shape, defaults and bounds. */
  readonly schema: ZodType<Settings>;
  /** Where the stages' modules lie: a file URL. */
  readonly root: string;
  /** Makes the paths in a configuration absolute. */
  resolvePaths?(settings: Settings, absolute: (path: string) => string): Settings;
  /** The stages, inputs first. */
  readonly stages: readonly Stage<Settings, string, string>[];
}

// Parameters of functions are compared both ways for methods, so stages of any slice fit here.
type AnyStage<Settings> = Stage<Settings, string, string, unknown>;
type NameOf<S> = S extends { readonly name: infer Name } ? Name : never;
type InputOf<S> = S extends { readonly inputs: readonly (infer Input)[] } ? Input : never;
/** `unknown` when every input is the name of a stage, else a type that says which is not. */
type KnownInputs<S extends readonly unknown[]> = [Exclude<InputOf<S[number]>, NameOf<S[number]>>] extends [never]
  ? unknown
  : { unknownInputs: Exclude<InputOf<S[number]>, NameOf<S[number]>> };

/**
 * A pipeline, checked: an input that is no stage does not compile, and cycles, names given twice and stages that no
 * result needs throw here, before anything runs.
 *
 * @param results the stages that the pipeline is there for; all, when it is left out
 */
export function definePipeline<Settings extends CommonSettings, const S extends readonly AnyStage<Settings>[]>(
  definition: Omit<Pipeline<Settings>, 'stages'> & {
    readonly stages: S & KnownInputs<S>;
    readonly results?: readonly NameOf<S[number]>[];
  },
): Pipeline<Settings> {
  const { stages, results, ...rest } = definition;
  const problems = lintGraph(stages, results as readonly string[] | undefined);
  if (problems.length > 0) throw new InputError(`Pipeline "${rest.name}": ${problems.join(' ')}`);
  return { ...rest, stages: topologicalOrder<AnyStage<Settings>>(stages) };
}

/** The stage called `name`. @throws InputError that names the nearest one */
export function findStage<Settings extends CommonSettings>(
  pipeline: Pipeline<Settings>,
  name: string,
): AnyStage<Settings> {
  const stage = pipeline.stages.find((each) => each.name === name);
  if (stage) return stage;
  const guess = nearest(
    name,
    pipeline.stages.map((each) => each.name),
  );
  throw new InputError(`Pipeline "${pipeline.name}" has no stage "${name}"; did you mean "${guess}"?`);
}
