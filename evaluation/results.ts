import type { Comparison } from '../common/statistics.ts';
import type { BenchmarkPrompt } from '../datasets/rules/benchmarks.ts';

/** One arm on the prompts of one category. */
export interface CategoryLine {
  /** The column that the prompts are split by, and what stands in it. */
  column: string;
  value: string;
  metric: string;
  arm: string;
  /** Prompts with a score. */
  n: number;
  mean: number;
  /** Standard deviation of the means of ten groups of consecutive prompts: HPSv2's own measure (10 groups of 80). */
  groupDeviation?: number;
  /** Against the base on the same prompts; absent for the base itself. */
  difference?: Comparison;
}

/** How a metric changes as the tuned encoder weighs more. */
export interface ControlCurve {
  metric: string;
  /** Weights of the tuned encoder's embeddings, rising; the first is 0. */
  weights: number[];
  /** Mean over the prompts at each weight. */
  means: number[];
  /** From each weight to the next: paired difference with its 95 % interval. */
  steps: Comparison[];
  /** Which way the curve goes from its first to its last point. */
  direction: 'up' | 'down';
  /** Share of the steps that go that way. */
  share: number;
  /** Whether no step goes the other way with its whole interval. */
  monotone: boolean;
}

/** A comparison as comparisons.json lists it. */
export interface NamedComparison extends Comparison {
  metric: string;
  arm: string;
  against: string;
}

/** What validation prompts chose among. */
export interface Choice {
  chooseBy: string;
  candidates: SweepCandidate[];
  chosen: { step: number; blend: number; unetStep?: number };
}

/** sweep.json */
export interface Sweep extends Choice {
  /**
   * What is handed out, to be used in all steps: `blend` is the weight of the tuned encoder's weights, not of its
   * embeddings. The candidates are of the best few networks in the last steps; the best of them is the network that is
   * chosen. Step 0 is the original.
   */
  exported: Choice;
  /** Likewise for each baseline that was tuned. */
  baselines?: Record<string, Choice>;
}

export interface SweepCandidate {
  /** The training step of the encoder; 0 is the original. */
  step: number;
  /** Weight of the tuned encoder's embeddings. */
  blend: number;
  /** The training step of the UNet; left out where that is the original one. */
  unetStep?: number;
  /** Mean of each metric over the validation prompts. */
  metrics: Record<string, number>;
  /** What the choice is made by; the base has 0. */
  score: number;
  /** Whether no metric is below the base's. */
  eligible: boolean;
}

/** scores.json */
export interface Scores {
  prompts: { id: string; prompt: string }[];
  samplesPerPrompt: number;
  /** By arm and metric: a mean over the samples of each prompt. A prompt without a value (no oracle for it) has null. */
  scores: Record<string, Record<string, (number | null)[]>>;
}

/** benchmarks/NAME.json */
export interface BenchmarkResult extends Scores {
  name: string;
  prompts: BenchmarkPrompt[];
  comparisons: NamedComparison[];
  categories: CategoryLine[];
}

/** transfer.json: the chosen encoder against the original one with a UNet that neither was tuned with. */
export interface Transfer {
  unet: string;
  /** As in {@link Scores}. */
  scores: Scores['scores'];
  comparisons: NamedComparison[];
}

/** pictures.json: the pictures that are kept, the first sample of the first prompts. */
export interface Picture {
  prompt: string;
  /** By arm: the file of the picture, relative to the folder. */
  files: Record<string, string>;
  /** By arm and metric: the score of this very picture. */
  scores: Record<string, Record<string, number>>;
}
