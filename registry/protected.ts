import type { Home } from '../pipeline/runs/home.ts';
import { Schedules } from './schedules/schedules.ts';
import { Registry } from './versions.ts';

/** What stays whatever else is freed. */
export interface Protected {
  /** Digests of the artifacts that the registry names. */
  protectedDigests: Set<string>;
  /** Ids of the runs that registered encoders come from, with all that they were made of, and of those that schedules began. */
  protectedRuns: Set<string>;
}

/** What the registry and the schedules of a home name. @throws RunError when one of their records cannot be read */
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
