import { roundHalfToEven } from '../../../common/rounding.ts';

/** Where the timesteps of a sampling run lie among those of training: diffusers' `timestep_spacing`. */
export const spacings = ['leading', 'linspace', 'trailing'] as const;
type Spacing = (typeof spacings)[number];

export interface SpacedSchedule {
  num_train_timesteps: number;
  steps_offset: number;
  timestep_spacing: Spacing;
}

/**
 * `steps` timesteps from noise to picture, as diffusers computes them with NumPy.
 * - leading: multiples of a whole stride from `steps_offset` on
 * - linspace: the first and the last timestep and what lies evenly between, fractions kept: {@link roundHalfToEven} is
 *   what schedulers of whole timesteps do to them
 * - trailing: back from the last timestep, rounded
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

/** Back from `last` by `difference`, as far as there are steps and timesteps. */
export function trailingTimesteps(last: number, difference: number, steps: number): number[] {
  // numpy.arange steps by the difference of its first two values.
  const between = last - difference - last;
  const found = Array.from({ length: steps }, (_, i) => roundHalfToEven(last + i * between) - 1);
  return found.filter((_, i) => last + i * between > 0);
}

/** How far DDIM goes back in one of `steps` steps. */
export const stride = ({ num_train_timesteps: count }: { num_train_timesteps: number }, steps: number): number =>
  Math.floor(count / steps);
