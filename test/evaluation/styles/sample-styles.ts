import { encodePng } from '../../../common/pictures/png.ts';
import type { StyleCurve, Styles } from '../../../evaluation/styles/style-results.ts';
import { render } from '../../../world/scenes/gallery/gallery-renderer.ts';
import { gallery } from '../../../world/scenes/gallery/gallery-scene.ts';

const metrics = ['clip', 'heldOut', 'oracle', 'oracle.shape', 'quality', 'style.neon', 'style.3d'];
const compared = (mean: number) => ({
  n: 155,
  mean,
  ci95: [mean - 0.03, mean + 0.03] as [number, number],
  winRate: 0.5 + mean / 2,
});

/** A curve of these means at equal distances from 0 to 1. */
function curve(metric: string, means: readonly number[]): StyleCurve {
  const points = means.map((mean, i) => {
    const { n, ci95 } = compared(mean);
    return { weight: i / (means.length - 1), n, mean, ci95 };
  });
  const steps = means.slice(1).map((mean, i) => compared(mean - means[i]!));
  const ends = compared(means.at(-1)! - means[0]!);
  return { metric, points, steps, ends, rises: ends.ci95[0] > 0 && steps.every(({ ci95 }) => ci95[1] >= 0) };
}

/**
 * Results of two encoders, of which the first raises its style, and the second does not.
 * @param side number of weights of the grid
 */
export function sampleStyles(side = 5): Styles {
  const encoders = (['neon', '3d'] as const).map((name, of) => {
    const own = `style.${name}`;
    const rising = of === 0 ? [0.2, 0.3, 0.5, 0.7, 0.8] : [0.2, 0.5, 0.4, 0.3, 0.5];
    return {
      name,
      metric: own,
      ...(of === 0 ? { own: { step: 120, chosen: true } } : {}),
      curves: metrics.map((metric) => curve(metric, metric === own ? rising : [0.6, 0.6, 0.61, 0.6, 0.55])),
      alone: metrics.map((metric) => ({ metric, arm: `${name}=1`, against: 'base', ...compared(-0.05) })),
    };
  });
  const weights = Array.from({ length: side }, (_, i) => Number((i / (side - 1)).toFixed(3)));
  const [scene] = gallery.of('test');
  const picture = (neon: number, solid: number): string => {
    const style = neon + solid < 0.5 ? 'flat' : neon >= solid ? 'neon' : '3d';
    return `data:image/png;base64,${encodePng(render(scene!, style), 64, 64).toString('base64')}`;
  };
  return {
    prompts: 155,
    samplesPerPrompt: 1,
    encoders,
    mixes: [
      {
        name: 'neon=0.5,3d=0.5',
        metrics: metrics.map((metric) => ({
          metric,
          n: 155,
          mean: 0.4,
          ci95: [0.35, 0.45],
          difference: compared(metric === 'oracle' ? -0.1 : 0.2),
        })),
      },
    ],
    grids: [
      {
        across: 'neon',
        down: '3d',
        weights,
        prompts: ['a <b>small</b> red circle', 'a large blue star'].map((prompt) => ({
          prompt,
          files: weights.map((solid) => weights.map((neon) => picture(neon, solid))),
        })),
      },
    ],
  };
}
