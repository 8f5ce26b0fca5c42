import { signal } from '@preact/signals';
import type { WatchedRun } from '../../../api/watch/watched-run.ts';
import { BOX_HEIGHT, BOX_WIDTH, layOut } from '../data/graph-layout.ts';
import { progressOf, stateOfStage } from '../data/words.ts';

/** Narrower windows show the stages from top to bottom. */
const wide = matchMedia('(min-width: 1180px)');
const isWide = signal(wide.matches);
wide.addEventListener('change', () => (isWide.value = wide.matches));

/** The stages of a run as a graph; each is a link to its line in the table. */
export function StageGraph({ run }: { run: WatchedRun }) {
  const { width, height, boxes, lines } = layOut(run.graph, isWide.value ? 'LR' : 'TB');
  const stages = new Map(run.stages.map((stage) => [stage.name, stage]));
  return (
    <div class="scroll">
      <svg
        class="graph"
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
        role="group"
        aria-label="Stages"
      >
        {lines.map(({ from, to, points }) => (
          <polyline key={`${from} ${to}`} class="edge" points={points.map(({ x, y }) => `${x},${y}`).join(' ')} />
        ))}
        {boxes.map(({ name, x, y }) => {
          const stage = stages.get(name)!;
          const { mark, word, tone } = stateOfStage(stage, run.status);
          const progress = stage.status === 'running' ? progressOf(stage) : undefined;
          const share = progress ? Math.min(1, progress.done / Math.max(1, progress.total)) : 0;
          const told = progress ? `${word}, ${progress.done} of ${progress.total}` : word;
          return (
            <a key={name} href={`#stage-${name}`} aria-label={`${name}: ${told}`}>
              <title>{stage.why ?? told}</title>
              <g transform={`translate(${x - BOX_WIDTH / 2} ${y - BOX_HEIGHT / 2})`} class={`box ${tone}`}>
                <rect class="back" width={BOX_WIDTH} height={BOX_HEIGHT} rx="9" />
                {progress && <rect class="done" y={BOX_HEIGHT - 5} width={BOX_WIDTH * share} height="5" rx="2.5" />}
                <text x="10" y="23" class="name">
                  {name}
                </text>
                <text x="10" y="43" class="word">
                  {mark} {progress ? `${progress.done} of ${progress.total}` : word}
                </text>
              </g>
            </a>
          );
        })}
      </svg>
    </div>
  );
}
