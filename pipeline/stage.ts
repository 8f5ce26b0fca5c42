/** Reference to an immutable, content-addressed folder: all that stages exchange, and all that Temporal sees of it. */
export interface Artifact {
  /** File URL. Only a hint: a store finds an artifact by its digest. */
  uri: string;
  /** Digest of its file list: names, sizes and contents. */
  sha256: string;
  /** Total size of its files. */
  bytes: number;
}

/** Progress of a stage, sent to watchers at most a few times a second. */
export interface Progress {
  step: number;
  total: number;
  message?: string;
  /** Items' `rows` and `bytes` are summed over the stage. */
  metrics?: Record<string, number>;
  /** Time spent on checkpoints since the body was called, which does not count as its own work. */
  checkpointSeconds?: number;
}

/** Context passed to a stage's body. `Optional`: inputs whose stages may be off. */
export interface StageContext<Slice, Input extends string = string, Optional extends string = never> {
  /** This stage's slice of the configuration (plain JSON, paths absolute). */
  config: Slice;
  seed: number;
  /** Input artifacts by stage, as verified local folders. Those of stages that are off are absent. */
  inputs: Readonly<Record<Input, string> & Partial<Record<Optional, string>>>;
  /** An empty folder. It becomes the stage's artifact when the body returns, and is deleted when it throws. */
  output: string;
  /** A folder for checkpoints, shared by all attempts at the same work. */
  scratch: string;
  progress(update: Progress): void;
  /** Aborted when the run is cancelled. A body that ignores it is killed some seconds later. */
  signal: AbortSignal;
}

/**
 * The work of a stage, exported as `run` by the stage's module. It runs in its own process, so it may block.
 * The same context must give the same files: no dates, paths or durations in `output`.
 */
export type StageBody<Slice, Input extends string = string, Optional extends string = never> = (
  context: StageContext<Slice, Input, Optional>,
) => Promise<void>;

/** Context passed to the body of a segmented stage. */
export interface SegmentContext<
  Slice,
  Input extends string = string,
  Optional extends string = never,
> extends StageContext<Slice, Input, Optional> {
  /** Returns whether to write a checkpoint to `scratch` and return 'checkpoint' now. Always false without segments. */
  segmentEnds(): boolean;
}

/** The work of a segmented stage. After 'checkpoint' it is called again in another process and continues from there. */
export type SegmentBody<Slice, Input extends string = string, Optional extends string = never> = (
  context: SegmentContext<Slice, Input, Optional>,
) => Promise<void | 'checkpoint'>;

/**
 * The work of a stage that fans out over items: three functions that its module exports instead of `run`. Each item has
 * its own artifact and key (code, slice, inputs, item), so items are reused and resumed separately.
 */
export interface FanOutBody<Slice, Input extends string = string, Optional extends string = never, ItemSlice = Slice> {
  /** Lists the items: distinct short texts, the same for the same context. */
  items(context: Omit<StageContext<Slice, Input, Optional>, 'output'>): Promise<string[]>;
  /**
   * Makes the artifact of one item. Items of a batch run one after another in the same process, so what a module has
   * loaded for one is ready for the next.
   */
  runItem(context: StageContext<ItemSlice, Input, Optional> & { readonly item: string }): Promise<void>;
  /** Makes the stage's artifact. @param context with the folder of each item, in the order of `items` */
  gather(
    context: StageContext<Slice, Input, Optional> & { readonly items: Readonly<Record<string, string>> },
  ): Promise<void>;
}

/** Sizes of a stage's fan-out. Neither is part of a key. */
export interface FanOut {
  /** Maximum number of concurrent batches. */
  readonly window: number;
  /** Items per activity and process. Use many for cheap items: a process costs half a second, or several with TensorFlow. */
  readonly batch: number;
}

/** A node of a pipeline. `Settings` is the whole configuration. */
export interface Stage<
  Settings,
  Name extends string = string,
  Input extends string = string,
  Slice = unknown,
  Optional extends string = string,
> {
  /** Lower-case words with hyphens. */
  readonly name: Name;
  /** Stages whose artifacts it reads. */
  readonly inputs: readonly Input[];
  /** Stages whose artifacts it reads if they are on. */
  readonly optionalInputs?: readonly Optional[];
  /** Returns whether the stage is on. A stage that is off is left out of the graph. */
  when?(settings: Settings): boolean;
  /** The module that exports `run`, or a {@link FanOutBody}, relative to the pipeline's root. */
  readonly module: string;
  /** Set if the stage fans out over items. */
  readonly fanOut?: FanOut;
  /** Slice of the configuration for `runItem` and for an item's key; default: the stage's slice. */
  itemConfig?(settings: Settings): unknown;
  /** Approximate length of a segment, if the stage is done in segments; its body is a {@link SegmentBody}. */
  readonly segmentSeconds?: number;
  /** Slice of the configuration for the body. Nothing else in the configuration can change the stage's key. */
  config(settings: Settings): Slice;
  /** External files and folders that the body reads, as named in the slice, and companions: their contents are in the key. */
  files?(settings: Settings): readonly string[];
  /** Amount of work, to estimate the duration; undefined if unknown. Without it, the last duration is the estimate. */
  work?(settings: Settings, facts: RunFacts): StageWork | undefined;
  /** The body computes with TensorFlow: library, processor and compiler settings are in the key. */
  readonly engine?: boolean;
  /** `off`: runs every time. Default `on`. */
  readonly cache?: 'on' | 'off';
  /** Results older than this are made again. */
  readonly maximumAgeSeconds?: number;
}

/**
 * The identity, for its types: names and inputs stay literal, and the slice is inferred.
 * @example
 * ```ts
 * import { defineStage } from './pipeline/stage.ts';
 *
 * const caption = defineStage({
 *   name: 'caption',
 *   inputs: ['pictures'],
 *   module: 'stages/caption.ts',
 *   config: ({ caption }: { caption: { model: string } }) => caption,
 *   files: ({ caption }) => [caption.model],
 * });
 * ```
 */
export function defineStage<
  Settings,
  const Name extends string,
  const Input extends string = never,
  Slice = unknown,
  const Optional extends string = never,
>(stage: Stage<Settings, Name, Input, Slice, Optional>): Stage<Settings, Name, Input, Slice, Optional> {
  return stage;
}

/** Amount of work of a stage. Its duration is an earlier result's rate times this. */
export interface StageWork {
  count: number;
  /** The unit counted: steps, pictures, prompts, bytes. Different units are not comparable. */
  unit: string;
  /** Relative cost of one unit: network evaluations times network size. */
  cost: number;
  /** Cost of what is done once before the first unit, besides loading; 0 if left out. */
  before?: number;
}

/** Start-ups of the processes of a stage: loading and compiling, whatever the amount of work. */
export interface StartUps {
  /** All together. */
  seconds: number;
  times: number;
}

/** Facts from the inspection for estimating a run's duration. */
export interface RunFacts {
  /** Total size of the prompt files. */
  promptBytes?: number;
  /** Relative cost of one evaluation of the UNet: parameters times positions of the latents. */
  evaluationCost?: number;
}
