import type { ResultFile } from '../../common/files/result-file.ts';
import type { Comparison } from '../../common/statistics.ts';
import type { Rise } from './rising-curve.ts';
import type { NamedComparison } from '../results.ts';

/** A metric over the prompts that have it. */
export interface MetricMean {
  metric: string;
  /** Number of prompts. */
  n: number;
  mean: number;
  /** Bootstrap 95 % interval of the mean. */
  ci95: [low: number, high: number];
}

/** A metric over the weight of an encoder's embeddings. */
export interface StyleCurve extends Rise {
  metric: string;
  /** By ascending weight; the first is 0, the base. */
  points: (Omit<MetricMean, 'metric'> & { weight: number })[];
}

/** An encoder tuned towards a metric, at every weight. */
export interface StyledEncoder {
  name: string;
  /** The metric that it was tuned to raise. */
  metric: string;
  /** Training step of the run's own encoder, and whether validation chose it; absent for another run's. */
  own?: { step: number; chosen: boolean };
  curves: StyleCurve[];
  /** The encoder alone, at weight 1, against the base. */
  alone: NamedComparison[];
}

/** A mix of encoders, with its paired difference to the base. */
export interface StyleMix {
  /** As `generate --mix` takes it: `neon=0.6,3d=0.4`. */
  name: string;
  metrics: (MetricMean & { difference: Comparison })[];
}

/** Pictures of prompts by the weights of two encoders. */
export interface StyleGrid {
  /** The encoder whose weight grows from left to right, and the one whose weight grows downwards. */
  across: string;
  down: string;
  /** The weights of both. */
  weights: number[];
  prompts: {
    prompt: string;
    /** A row for each weight of `down`, with a picture for each of `across`: paths relative to the folder. */
    files: string[][];
  }[];
}

/** How far encoders control what they were tuned towards, by weights. */
export interface Styles {
  /** Number of test prompts, and of pictures per prompt. */
  prompts: number;
  samplesPerPrompt: number;
  encoders: StyledEncoder[];
  mixes: StyleMix[];
  /** One for each two encoders; empty without a grid. */
  grids: StyleGrid[];
}

export const STYLES: ResultFile<Styles> = { name: 'styles.json' };
