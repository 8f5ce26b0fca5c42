import { InputError } from '../../common/errors.ts';
import { roundHalfToEven } from '../../common/rounding.ts';
import { ddimStep } from './ddim.ts';
import type { SchedulerFile, SolverConfig } from './scheduler-config.ts';
import { solverStep, type SolverPlan, type SolverStep, type Weighted } from './solver-plan.ts';
import { alphaProducts } from './levels/noise-schedule.ts';
import { levelOf } from './levels/prediction.ts';
import { spacedTimesteps, stride } from './levels/spacing.ts';

/** Adams-Bashforth weights of the last 1 to 4 outputs, newest first. */
const WEIGHTS = [[1], [3 / 2, -1 / 2], [23 / 12, -16 / 12, 5 / 12], [55 / 24, -59 / 24, 37 / 24, -9 / 24]];
/** Number of evaluations in a Runge-Kutta step, and number of these steps. */
const [STAGES, KUTTA_STEPS] = [4, 3];

/**
 * Pseudo linear multistep (Liu et al., arXiv 2202.09778, eq. 9, 11 and 12), as in diffusers' PNDMScheduler.
 * @throws InputError if the schedule does not allow that many steps
 */
export function pndmSteps(config: SolverConfig<'pndm'>, { source }: SchedulerFile, steps: number): SolverPlan {
  const timesteps = spacedTimesteps(config, steps).map(roundHalfToEven);
  const alphas = alphaProducts(config);
  const final = config.set_alpha_to_one ? 1 : alphas[0]!;
  /** Returns z' = a z + b output from one timestep to another; negative timesteps have the final level. */
  const move = (from: number, to: number): readonly [number, number] => {
    if (from >= alphas.length || to >= alphas.length)
      throw new InputError(`${steps} sampling steps of PNDM exceed the ${alphas.length} timesteps of ${source}.`);
    return ddimStep(config.prediction_type, levelOf(alphas[from]!), levelOf(to < 0 ? final : alphas[to]!));
  };
  if (config.skip_prk_steps) return { start: 1, steps: repeatedStart(timesteps, stride(config, steps), move) };
  if (steps <= KUTTA_STEPS)
    throw new InputError(
      `${source}: skip_prk_steps is ${config.skip_prk_steps}: PNDM then begins with ${KUTTA_STEPS} Runge-Kutta steps, so ${steps} steps are too few; expected at least ${KUTTA_STEPS + 1}.`,
    );
  return { start: 1, steps: rungeKuttaStart(timesteps, stride(config, steps), move) };
}

type Move = (from: number, to: number) => readonly [number, number];

/** Makes a step that starts from the latents of evaluation `reference`. */
function step(
  t: number,
  i: number,
  reference: number,
  [a, b]: readonly [number, number],
  outputs: Weighted,
): SolverStep {
  return solverStep(
    t,
    i,
    [[reference, a]],
    outputs.map(([evaluation, weight]) => [evaluation, b * weight]),
  );
}

/** Returns the weights of the last kept outputs, newest first. */
const multistep = (kept: readonly number[]): Weighted =>
  WEIGHTS[Math.min(kept.length, WEIGHTS.length) - 1]!.map((weight, j) => [kept.at(-1 - j)!, weight] as const);

/**
 * `skip_prk_steps`: evaluates at the second timestep, takes the first step again with the mean of both outputs, and
 * does not keep the second output. `steps` + 1 evaluations.
 */
function repeatedStart(timesteps: readonly number[], stride: number, move: Move): SolverStep[] {
  const [first, second] = timesteps as [number, number | undefined];
  const begin = step(first, 0, 0, move(first, first - stride), [[0, 1]]);
  if (second === undefined) return [begin];
  // Starts one stride before the second timestep, usually the first timestep.
  const again = step(second, 1, 0, move(second + stride, second), [
    [0, 1 / 2],
    [1, 1 / 2],
  ]);
  const kept = [0];
  const rest = timesteps.slice(1).map((t, j) => {
    kept.push(j + 2);
    return step(t, j + 2, j + 2, move(t, t - stride), multistep(kept));
  });
  return [begin, again, ...rest];
}

/** Takes three steps of the classical Runge-Kutta method with four evaluations each: `steps` + 9 evaluations. */
function rungeKuttaStart(timesteps: readonly number[], stride: number, move: Move): SolverStep[] {
  const half = Math.floor(stride / 2);
  const found: SolverStep[] = [];
  const kept: number[] = [];
  for (let k = 0; k < KUTTA_STEPS; k++) {
    const [from, to] = [timesteps[k]!, timesteps[k + 1]!];
    const begin = k * STAGES;
    kept.push(begin);
    found.push(
      step(from, begin, begin, move(from, from - half), [[begin, 1]]),
      step(to + half, begin + 1, begin, move(from, to + half), [[begin + 1, 1]]),
      step(to + half, begin + 2, begin, move(from, to), [[begin + 2, 1]]),
      step(to, begin + 3, begin, move(from, to), [
        [begin, 1 / 6],
        [begin + 1, 1 / 3],
        [begin + 2, 1 / 3],
        [begin + 3, 1 / 6],
      ]),
    );
  }
  for (const t of timesteps.slice(KUTTA_STEPS)) {
    const i = found.length;
    kept.push(i);
    found.push(step(t, i, i, move(t, t - stride), multistep(kept)));
  }
  return found;
}
