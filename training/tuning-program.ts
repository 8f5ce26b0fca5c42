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
  /** Of all that is drawn. Default 0. */
  seed?: number;
  /** Weight of mean((c - c_original)^2) over the embeddings, a pull towards the original encoder. */
  embeddingPull: number;
  /** Weight of |phi - phi_original|^2 over the parameters, a pull of those towards the original ones. */
  weightPull?: number;
  /** Decay of a moving average of all that is trained, `state/ema/…`; without it there is none. */
  averageDecay?: number | undefined;
  /** Left out where the gradients are all that is asked for: then there is no room for moments either. */
  optimizer?: AdamWOptions;
  /** What is computed in; default: the process's own type. */
  type?: ComputeType | undefined;
}

export interface TuningProgram {
  program: Program;
  /** Whether the loss is scaled, as float16 needs it: then score, stepVjp, gradients and update have the input `scale`. */
  scales: boolean;
  /** Whether something that is trained is part of encode, and of step. */
  learns: { encode: boolean; step: boolean };
}

/**
 * The entry points of prompt-based reward tuning (Alg. 1) of any of a generator's networks, a file each in entries/.
 * Between them only latents and embeddings are kept, so memory is that of one step and its gradient, whatever K is:
 *
 *     encode     p -> c = E_phi(p)                       under the networks as they are now
 *     step       z_t, c -> z_(t-1)
 *     score      z_0, p -> L = -mean sum_i gamma_i R_i, dL/dz_0
 *     stepVjp    z_t, c, dL/dz_(t-1) -> dL/dz_t, dL/dc
 *     gradients  p, dL/dc -> dL/dphi
 *     update     p, dL/dc -> phi, by AdamW; norms of the gradients
 *     deltaNorm  |phi - phi_original| of each network
 *     average    the moving average of all that is trained
 *
 * Where the loss is scaled, dL is `scale` dL in all that passes between them; what is given out as a gradient by
 * parameters is not.
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
