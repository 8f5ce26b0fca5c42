import type { ChildProcess } from 'node:child_process';

const children = new Set<ChildProcess>();

/**
 * Kills a child when this process ends first, by a signal or an error. Only for children that write whole files.
 * @param group the child leads a process group, which is killed with it
 */
export function endsWithThisProcess(child: ChildProcess, { group = false }: { group?: boolean } = {}): void {
  if (children.size === 0) process.once('exit', killAll);
  children.add(child);
  if (group) groups.add(child);
  child.once('exit', () => children.delete(child));
}

const groups = new Set<ChildProcess>();

function killAll(): void {
  for (const child of children)
    try {
      if (groups.has(child) && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      else child.kill('SIGKILL');
    } catch {
      // it has already ended
    }
}
