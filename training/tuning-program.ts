import type { ComputeType } from '../engine/compute-type.ts';
import { Program, float32 } from '../engine/program/program.ts';
import type { AdamWOptions } from './optimizer/adamw.ts';
import { recordAverage } from './entries/average.ts';
import { recordEncode } from './entries/encode.ts';
import type { Recording } from './entries/entries.ts';
import { encodeProduct, recordGradients } from './entries/gradients.ts';
import { recordScore } from './entries/score.ts';
import { recordStep } from './entries/step.ts';
import { recordDeltaNorm, recordUpdate } from './entries/update.ts';
import type { Generator } from './generator/generator.ts';
import { loadStart, requireParameters, type TrainedNetwork } from './generator/trained-networks.ts';

export interface ProgramSettings {
  trained: readonly TrainedNetwork[];
  /** Seed of all random numbers. Default 0. */
  seed?: number;
  /** Weight of mean((c - c_original)^2) over the embeddings, a pull towards the original encoder. */
  embeddingPull: number;
  /** Weight of |phi - phi_original|^2 over the parameters, a pull towards the original ones. */
  weightPull?: number;
  /** Decay of the trained parameters' moving average, `state/ema/…`; default: no average. */
  averageDecay?: number | undefined;
  /** Leave it out to compute gradients only; no memory is then taken for moments. */
  optimizer?: AdamWOptions;
  /** Type of the computation; default: the process's. */
  type?: ComputeType | undefined;
}

export interface TuningProgram {
  program: Program;
  /** Whether the loss is scaled, for float16: score, stepVjp, gradients and update then have the input `scale`. */
  scales: boolean;
  /** Whether `encode` and `step` contain trained networks. */
  learns: { encode: boolean; step: boolean };
}

/**
 * Records the entry points of prompt-based reward tuning (Alg. 1) for any of a generator's networks; entries/ has a
 * file for each. Only latents and embeddings are kept between them, so memory is that of one step and its gradient for
 * any K:
 *
 *     encode     p -> c = E_phi(p)                       under the current networks
 *     step       z_t, c -> z_(t-1)
 *     score      z_0, p -> L = -mean sum_i gamma_i R_i, dL/dz_0
 *     stepVjp    z_t, c, dL/dz_(t-1) -> dL/dz_t, dL/dc
 *     gradients  p, dL/dc -> dL/dphi
 *     update     p, dL/dc -> phi, by AdamW; norms of the gradients
 *     deltaNorm  |phi - phi_original| of each network
 *     average    the moving average of all trained parameters
 *
 * If the loss is scaled, every dL that passes between them is `scale` times dL; gradients by parameters are not scaled.
 */
export function tuningProgram(generator: Generator, settings: ProgramSettings): TuningProgram {
  const { trained, embeddingPull, weightPull = 0, averageDecay, optimizer, seed = 0 } = settings;
  const program = new Program(settings.type ? { type: settings.type } : {});
  const scales = program.type === 'float16';
  const recording: Recording = { program, generator, trained, scale: scales ? { scale: float32() } : {} };

  const embeddings = recordEncode(recording);
  const stepLearns = recordStep(recording, embeddings);
  recordScore(recording);
  for (const network of trained) requireParameters(program, network, generator);
  const product = encodeProduct(recording, embeddings, embeddingPull);
  recordGradients(recording, product);
  if (optimizer) {
    recordUpdate(recording, product, optimizer, weightPull);
    recordDeltaNorm(recording);
  }
  if (averageDecay !== undefined) recordAverage(recording);
  generator.record?.(program);

  program.compile();
  for (const [name, { weights, source }] of Object.entries(generator.networks)) program.load(name, weights, source);
  for (const network of trained) loadStart(program, network, generator, seed);
  return { program, scales, learns: { encode: embeddings.learns, step: stepLearns } };
}
