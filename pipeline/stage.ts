/** An immutable, content-addressed folder. The one thing that stages hand to each other, and all that Temporal sees of it. */
export interface Artifact {
  /** Where it is: a file URL. Only a hint: a store finds an artifact by its digest. */
  uri: string;
  /** Digest of the list of its files: names, sizes and contents. */
  sha256: string;
  /** Size of its files together. */
  bytes: number;
}

/** How far a stage is, sent at most some times a second to whoever watches. */
export interface Progress {
  step: number;
  total: number;
  message?: string;
  /** `rows` and `bytes` of an item are summed up for the whole stage. */
  metrics?: Record<string, number>;
  /** Time that the body has spent on checkpoints, since it was called: not its own work. */
  checkpointSeconds?: number;
}

/** What a stage's body is given. `Optional`: the inputs whose stages may be off. */
export interface StageContext<Slice, Input extends string = string, Optional extends string = never> {
  /** This stage's slice of the configuration (plain JSON, paths absolute). */
  config: Slice;
  seed: number;
  /** The artifacts it reads, by the stage that made them: local folders, verified. Those of stages that are off are absent. */
  inputs: Readonly<Record<Input, string> & Partial<Record<Optional, string>>>;
  /** An empty folder. It becomes the stage's artifact when the body returns, and vanishes when it throws. */
  output: string;
  /** A folder that outlives the attempts of the same work: for checkpoints. */
  scratch: string;
  progress(update: Progress): void;
  /** Aborted when the run is cancelled. A body that does not look at it is killed some seconds later. */
  signal: AbortSignal;
}

/**
 * The work of a stage, exported as `run` by the stage's module. It runs in a process of its own, so it may block.
 * The same context must give the same files: no dates, no paths, no durations in what it writes to `output`.
 */
export type StageBody<Slice, Input extends string = string, Optional extends string = never> = (
  context: StageContext<Slice, Input, Optional>,
) => Promise<void>;

/** What the body of a segmented stage is given. */
export interface SegmentContext<
  Slice,
  Input extends string = string,
  Optional extends string = never,
> extends StageContext<Slice, Input, Optional> {
  /** Whether it is time to write a checkpoint to `scratch` and to return 'checkpoint'. Always false in a stage that is not segmented. */
  segmentEnds(): boolean;
}

/** The work of a segmented stage. After 'checkpoint' it is called again, in another process, and goes on from there. */
export type SegmentBody<Slice, Input extends string = string, Optional extends string = never> = (
  context: SegmentContext<Slice, Input, Optional>,
) => Promise<void | 'checkpoint'>;

/**
 * The work of a stage that fans out over items: three functions that its module exports in place of `run`. Each item is
 * an artifact of its own, with a key of its own (code, slice, inputs, item), so items are reused and resumed alone.
 */
export interface FanOutBody<Slice, Input extends string = string, Optional extends string = never, ItemSlice = Slice> {
  /** The items: short texts, each once, the same ones for the same context. */
  items(context: Omit<StageContext<Slice, Input, Optional>, 'output'>): Promise<string[]>;
  /**
   * Makes the artifact of one item. It is called for one item after another in the same process, so what a module has
   * loaded for one is there for the next.
   */
  runItem(context: StageContext<ItemSlice, Input, Optional> & { readonly item: string }): Promise<void>;
  /** Makes the stage's artifact. @param context with the folder of each item, in the order of `items` */
  gather(
    context: StageContext<Slice, Input, Optional> & { readonly items: Readonly<Record<string, string>> },
  ): Promise<void>;
}

/** How a stage fans out. Neither number is in a key. */
export interface FanOut {
  /** Batches that are worked on at the same time, at most. */
  readonly window: number;
  /** Items that share an activity and a process. Many for cheap items: a process costs half a second, or several with TensorFlow. */
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
  /** The stages whose artifacts it reads. */
  readonly inputs: readonly Input[];
  /** Stages whose artifacts it reads too where they are on. */
  readonly optionalInputs?: readonly Optional[];
  /** Whether the stage is on. One that is off is not in the graph: as if the pipeline did not have it. */
  when?(settings: Settings): boolean;
  /** The module that exports `run`, or a {@link FanOutBody}, relative to the pipeline's root. */
  readonly module: string;
  /** The stage fans out over items. */
  readonly fanOut?: FanOut;
  /** What `runItem` gets of the configuration, and what of it is in an item's key; the stage's slice when it is left out. */
  itemConfig?(settings: Settings): unknown;
  /** The stage is done in segments of about so many seconds: its body is a {@link SegmentBody}. */
  readonly segmentSeconds?: number;
  /** What the body gets of the configuration. Nothing else of it can change the stage's key. */
  config(settings: Settings): Slice;
  /** Files and folders outside of the pipeline that the body reads, as they are named in the slice, and what is read beside them: their contents are in the key. */
  files?(settings: Settings): readonly string[];
  /** How much it has to do, to tell how long it takes; undefined where that cannot be known. Without it, it takes as long as before. */
  work?(settings: Settings, facts: RunFacts): StageWork | undefined;
  /** The body computes with TensorFlow: library, processor and compiler settings are in the key. */
  readonly engine?: boolean;
  /** `off`: it runs each time. Default `on`. */
  readonly cache?: 'on' | 'off';
  /** A result that is older is made anew. */
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

/** How much a stage has to do. Time is the rate of an earlier result times this. */
export interface StageWork {
  count: number;
  /** What is counted: steps, pictures, prompts, bytes. Different units do not compare. */
  unit: string;
  /** What one costs, relative to others of its unit: how often the network is evaluated for it, times its size. */
  cost: number;
}

/** What an inspection found out that tells how long a run takes. */
export interface RunFacts {
  /** Size of the files with the prompts. */
  promptBytes?: number;
  /** Relative cost of one evaluation of the network that makes the pictures: its parameters times the latents' places. */
  evaluationCost?: number;
}
