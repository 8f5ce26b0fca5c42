import { roundHalfToEven } from '../../common/rounding.ts';
import type { SchedulerConfig } from './ddim.ts';

/** Where the timesteps of a sampling run lie among those of training: diffusers' `timestep_spacing`. */
export const spacings = ['leading', 'linspace', 'trailing'] as const;
export type Spacing = (typeof spacings)[number];

/**
 * `steps` timesteps from noise to picture, as diffusers computes them with NumPy.
 * - leading: multiples of a whole stride from `steps_offset` on
 * - linspace: the first and the last timestep and what lies evenly between, fractions kept: {@link roundHalfToEven} is
 *   what schedulers of whole timesteps do to them
 * - trailing: back from the last timestep, rounded
 */
export function spacedTimesteps(config: SchedulerConfig, steps: number): number[] {
  const { num_train_timesteps: count, steps_offset: offset, timestep_spacing: spacing = 'leading' } = config;
  const at = (f: (i: number) => number) => Array.from({ length: steps }, (_, i) => f(i));
  switch (spacing) {
    case 'leading':
      return at((i) => (steps - 1 - i) * stride(config, steps) + offset);
    case 'linspace': {
      const between = (count - 1) / Math.max(1, steps - 1);
      return at((i) => (steps - 1 - i) * between);
    }
    case 'trailing': {
      // numpy.arange steps by the difference of its first two values.
      const difference = count - count / steps - count;
      return at((i) => roundHalfToEven(count + i * difference) - 1);
    }
  }
}

/** How far DDIM goes back in one of `steps` steps. */
export const stride = ({ num_train_timesteps: count }: SchedulerConfig, steps: number): number =>
  Math.floor(count / steps);
