import type { Home } from '../pipeline/runs/home.ts';
import { Schedules } from './schedules/schedules.ts';
import { Registry } from './versions.ts';

/** Digests and runs that garbage collection must keep. */
export interface Protected {
  /** Digests of the artifacts that the registry names. */
  protectedDigests: Set<string>;
  /** Ids of the runs that registered encoders and their ancestors come from, and of the runs that schedules started. */
  protectedRuns: Set<string>;
}

/** Collects what a home's registry and schedules name. @throws RunError when one of their records cannot be read */
export async function protectedByName(home: Home): Promise<Protected> {
  const registry = new Registry(home);
  const versions = (await Promise.all((await registry.names()).map((name) => registry.versions(name)))).flat();
  const schedules = new Schedules(home);
  const batches = (await Promise.all((await schedules.names()).map((name) => schedules.batches(name)))).flat();
  return {
    protectedDigests: new Set(versions.map(({ artifact }) => artifact.sha256)),
    protectedRuns: new Set([
      ...versions.flatMap(({ run, lineage }) => [run, ...lineage.map((entry) => entry.run)]),
      ...batches.flatMap(({ run }) => run ?? []),
    ]),
  };
}
