import type { Comparison } from '../common/statistics.ts';
import type { BenchmarkPrompt } from '../datasets/rules/benchmarks.ts';

/** One arm on the prompts of one category. */
export interface CategoryLine {
  /** The column by which the prompts are split, and its value. */
  column: string;
  value: string;
  metric: string;
  arm: string;
  /** Number of prompts with a score. */
  n: number;
  mean: number;
  /** Standard deviation of the means of ten groups of consecutive prompts: HPSv2's own measure (10 groups of 80). */
  groupDeviation?: number;
  /** Comparison with the base on the same prompts; absent for the base itself. */
  difference?: Comparison;
}

/** Change of a metric as the tuned encoder's weight grows. */
export interface ControlCurve {
  metric: string;
  /** Weights of the tuned encoder's embeddings, ascending; the first is 0. */
  weights: number[];
  /** Mean over the prompts at each weight. */
  means: number[];
  /** Paired difference from each weight to the next, with its 95 % interval. */
  steps: Comparison[];
  /** Direction of the curve from its first to its last point. */
  direction: 'up' | 'down';
  /** Share of the steps in that direction. */
  share: number;
  /** Whether no step's whole interval lies in the other direction. */
  monotone: boolean;
}

/** A comparison as comparisons.json lists it. */
export interface NamedComparison extends Comparison {
  metric: string;
  arm: string;
  against: string;
}

/** A choice among candidates, made on validation prompts. */
export interface Choice {
  chooseBy: string;
  candidates: SweepCandidate[];
  chosen: { step: number; blend: number; unetStep?: number };
}

/** Content of sweep.json. */
export interface Sweep extends Choice {
  /**
   * The exported encoder, for use in all steps: `blend` is the share of its weight change, not the weight of its
   * embeddings. The candidates belong to the best few networks of the last steps; the best candidate's network
   * becomes the chosen one. Step 0 is the original.
   */
  exported: Choice;
  /** The same for each tuned baseline. */
  baselines?: Record<string, Choice>;
}

export interface SweepCandidate {
  /** Training step of the encoder; 0 is the original. */
  step: number;
  /** Weight of the tuned encoder's embeddings. */
  blend: number;
  /** Training step of the UNet; absent for the original one. */
  unetStep?: number;
  /** Mean of each metric over the validation prompts. */
  metrics: Record<string, number>;
  /** The value that decides the choice; the base has 0. */
  score: number;
  /** Whether no metric is below the base's. */
  eligible: boolean;
}

/** Content of scores.json. */
export interface Scores {
  prompts: { id: string; prompt: string }[];
  samplesPerPrompt: number;
  /**
   * A mean over the samples of each prompt, by arm and metric; null for a prompt without a value (no oracle for it).
   */
  scores: Record<string, Record<string, (number | null)[]>>;
}

/** Content of benchmarks/NAME.json. */
export interface BenchmarkResult extends Scores {
  name: string;
  prompts: BenchmarkPrompt[];
  comparisons: NamedComparison[];
  categories: CategoryLine[];
}

/** Content of transfer.json: the chosen encoder against the original one with a UNet that neither was tuned with. */
export interface Transfer {
  unet: string;
  /** As in {@link Scores}. */
  scores: Scores['scores'];
  comparisons: NamedComparison[];
}

/** Content of pictures.json: the kept pictures, the first sample of the first prompts. */
export interface Picture {
  prompt: string;
  /** Path of the picture, relative to the folder, by arm. */
  files: Record<string, string>;
  /** Score of this very picture, by arm and metric. */
  scores: Record<string, Record<string, number>>;
}
