import { roundHalfToEven } from '../../../common/rounding.ts';

/** Ways to place a sampling run's timesteps among those of training: diffusers' `timestep_spacing`. */
export const spacings = ['leading', 'linspace', 'trailing'] as const;
type Spacing = (typeof spacings)[number];

export interface SpacedSchedule {
  num_train_timesteps: number;
  steps_offset: number;
  timestep_spacing: Spacing;
}

/**
 * Returns `steps` timesteps from noise to picture, as diffusers computes them with NumPy.
 * - leading: multiples of a whole stride, starting from `steps_offset`
 * - linspace: evenly spaced from the first to the last timestep, with fractions; schedulers of whole timesteps apply
 *   {@link roundHalfToEven}
 * - trailing: backwards from the last timestep, rounded
 */
export function spacedTimesteps(schedule: SpacedSchedule, steps: number): number[] {
  const { num_train_timesteps: count, steps_offset: offset, timestep_spacing: spacing } = schedule;
  const at = (f: (i: number) => number) => Array.from({ length: steps }, (_, i) => f(i));
  switch (spacing) {
    case 'leading':
      return at((i) => (steps - 1 - i) * stride(schedule, steps) + offset);
    case 'linspace': {
      const between = (count - 1) / Math.max(1, steps - 1);
      return at((i) => (steps - 1 - i) * between);
    }
    case 'trailing':
      return trailingTimesteps(count, count / steps, steps);
  }
}

/** Returns timesteps backwards from `last` by `difference`: at most `steps`, and none below 0. */
export function trailingTimesteps(last: number, difference: number, steps: number): number[] {
  // numpy.arange steps by the difference of its first two values.
  const between = last - difference - last;
  const found = Array.from({ length: steps }, (_, i) => roundHalfToEven(last + i * between) - 1);
  return found.filter((_, i) => last + i * between > 0);
}

/** Returns the number of timesteps in one of DDIM's `steps` steps. */
export const stride = ({ num_train_timesteps: count }: { num_train_timesteps: number }, steps: number): number =>
  Math.floor(count / steps);
