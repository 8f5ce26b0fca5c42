import type { Home } from '../pipeline/runs/home.ts';
import { Registry } from './versions.ts';

/** Digests of the artifacts that the registry names: whatever else is freed, they stay. */
export async function protectedDigests(home: Home): Promise<Set<string>> {
  const registry = new Registry(home);
  const versions = await Promise.all((await registry.names()).map((name) => registry.versions(name)));
  return new Set(versions.flat().map(({ artifact }) => artifact.sha256));
}
