import { InputError } from '../../common/errors.ts';
import { roundHalfToEven } from '../../common/rounding.ts';
import type { SolverConfig } from './scheduler-config.ts';
import { multistepWeights, type LogLevel } from './dpm-formulas.ts';
import { solverStep, type SolverPlan } from './solver-plan.ts';
import { float32Log } from './levels/float32-log.ts';
import { alphaProducts } from './levels/noise-schedule.ts';
import { predictedClean, predictedNoise, type Linear } from './levels/prediction.ts';
import { finiteSigmas, interpolate, spacedSigmas, timestepOf } from './levels/sigmas.ts';
import { trailingTimesteps } from './levels/spacing.ts';

type Config = SolverConfig<'dpm-solver++'>;

/** Runs of fewer steps end with formulas of lower order. */
const FEW_STEPS = 15;

/**
 * DPM-Solver and DPM-Solver++ (Lu et al., arXiv 2206.00927 and 2211.01095), multistep, as in diffusers'
 * DPMSolverMultistepScheduler: the noise or x0 is predicted and extrapolated from its last values.
 */
export function dpmSolverSteps(config: Config, steps: number): SolverPlan {
  const { timesteps, sigmas } = dpmLevels(config, steps);
  const levels = sigmas.map((sigma) => logLevel(sigma, config.use_flow_sigmas));
  const { solver_order: order, algorithm_type, solver_type, lower_order_final: lowers } = config;
  const data = algorithm_type !== 'dpmsolver';
  const predictions = levels.map((level, i) => extrapolated(config, level, sigmas[i]!));
  const count = timesteps.length;
  const few = lowers && count < FEW_STEPS;
  const plan = timesteps.map((t, i) => {
    const isLast = i === count - 1 && (config.euler_at_final || few || config.final_sigmas_type === 'zero');
    const highest = isLast ? 1 : i === count - 2 && few ? 2 : order;
    const used = Math.min(order, highest, i + 1);
    const newestFirst = Array.from({ length: used }, (_, j) => levels[i - j]!);
    const { z, predicted } = multistepWeights(levels[i + 1]!, newestFirst, { data, heun: solver_type === 'heun' });
    const of = (part: 0 | 1) =>
      predicted.map((weight, j) => [i - j, weight * predictions[i - j]![part]] as const).filter(([, w]) => w !== 0);
    return solverStep(t, i, [[i, z], ...of(0)], of(1));
  });
  return { start: 1, steps: plan };
}

/** Returns the quantity that the formulas extrapolate: the clean latents or, in the first DPM-Solver, the noise. */
function extrapolated({ algorithm_type, prediction_type }: Config, level: LogLevel, sigma: number): Linear {
  if (prediction_type === 'flow_prediction') return predictedClean(prediction_type, { signal: 1, noise: sigma });
  return algorithm_type === 'dpmsolver'
    ? predictedNoise(prediction_type, level)
    : predictedClean(prediction_type, level);
}

function logLevel(sigma: number, flow: boolean): LogLevel {
  const signal = flow ? 1 - sigma : 1 / Math.sqrt(1 + sigma ** 2);
  const noise = flow ? sigma : sigma * signal;
  return { signal, noise, lambda: Math.log(signal) - Math.log(noise) };
}

function dpmLevels(config: Config, steps: number): { timesteps: number[]; sigmas: number[] } {
  const trained = finiteSigmas(alphaProducts(config));
  const logs = trained.map(float32Log);
  const rounds = config.beta_schedule !== 'squaredcos_cap_v2' && (config.use_karras_sigmas || config.use_lu_lambdas);
  const own = spacedSigmas(config, trained.toReversed(), steps);
  const last = config.final_sigmas_type === 'zero' ? 0 : trained[0]!;
  const levels = (): { timesteps: number[]; sigmas: number[] } => {
    if (own) {
      const at = own.map((sigma) => timestepOf(sigma, logs));
      return { timesteps: rounds ? at.map(roundHalfToEven) : at, sigmas: own };
    }
    if (config.use_flow_sigmas) return flowLevels(config, steps);
    const timesteps = dpmTimesteps(config, trained, steps);
    return { timesteps, sigmas: timesteps.map((t) => interpolate(trained, t)) };
  };
  const { timesteps, sigmas } = levels();
  return { timesteps: timesteps.map(Math.trunc), sigmas: [...sigmas, last].map(Math.fround) };
}

/** Returns the shifted levels of flow matching (Lipman et al., arXiv 2210.02747). */
function flowLevels({ num_train_timesteps: count, flow_shift: shift }: Config, steps: number) {
  const between = (1 / count - 1) / steps;
  const sigmas = Array.from({ length: steps }, (_, i) => {
    const sigma = 1 - (i === 0 ? 1 / count : 1 + (steps - i) * between);
    return (shift * sigma) / (1 + (shift - 1) * sigma);
  });
  return { timesteps: sigmas.map((sigma) => sigma * count), sigmas };
}

/**
 * The picture counts as a timestep, except with trailing spacing. Levels noisier than lambda_min_clipped are left out.
 */
function dpmTimesteps(config: Config, trained: readonly number[], steps: number): number[] {
  const { num_train_timesteps: count, timestep_spacing: spacing, lambda_min_clipped: lowest } = config;
  const last = count - trained.filter((sigma) => -Math.log(sigma) < lowest).length;
  if (spacing === 'trailing') return trailingTimesteps(last, count / steps, steps);
  const between = spacing === 'linspace' ? (last - 1) / steps : Math.floor(last / (steps + 1));
  if (between === 0 || last < 1)
    throw new InputError(`${steps} sampling steps are too many for DPM-Solver++ on ${last} timesteps.`);
  const offset = spacing === 'leading' ? config.steps_offset : 0;
  return Array.from({ length: steps }, (_, i) => roundHalfToEven((steps - i) * between) + offset);
}
