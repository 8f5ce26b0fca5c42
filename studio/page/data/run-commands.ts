import type { WatchedRun } from '../../../api/watch/watched-run.ts';

/** A command for a terminal, and what it does. */
interface NextCommand {
  what: string;
  command: string;
}

/** Lists what can be done with a run in its state, what is wanted most first. */
export function commandsOf({ run, status, stages }: Pick<WatchedRun, 'run' | 'status' | 'stages'>): NextCommand[] {
  const line = (what: string, command: string): NextCommand => ({ what, command: `npx textcraftor ${command}` });
  const follow = line('its output', `logs ${run}`);
  const isJudged = stages.some(({ name, artifact }) => name === 'evaluate' && artifact !== undefined);
  switch (status) {
    case 'running':
      return [line('stop it at its checkpoints', `pause ${run}`), line('stop it', `cancel ${run}`), follow];
    case 'completed':
      return [
        ...(isJudged ? [line('write the tuned encoder', `export ${run} --out exported`)] : []),
        line('its report', `report ${run}`),
        line('run its configuration again, reusing what has not changed', `resume ${run}`),
      ];
    default:
      return [line('go on with it', `resume ${run}`), follow];
  }
}
