import { canonicalJson, sha256 } from '../common/files.ts';
import { readResult } from '../common/files/result-file.ts';
import { REGISTRATION } from '../evaluation/registration.ts';
import { checkConfig } from '../pipeline/config/config-file.ts';
import type { Home } from '../pipeline/runs/home.ts';
import { traceArtifact, type Lineage } from '../pipeline/store/lineage.ts';
import { saveRegistered, type Registered } from '../registry/registered.ts';
import { Registry } from '../registry/versions.ts';
import { registrationSettings } from '../pipeline/config/sections/registry-settings.ts';
import type { LineageEntry } from '../registry/version.ts';
import { ResultIndex } from '../pipeline/store/stage-results.ts';
import type { Artifact } from '../pipeline/stage.ts';
import { ArtifactStore } from '../pipeline/store/artifact-store.ts';

/**
 * Gives the artifact of the stage `register` a version, and promotes it to production if the configuration asks for it
 * and the gate allows it. Idempotent, so it may be retried.
 */
export async function registerEncoder(
  home: Home,
  run: string,
  config: unknown,
  artifact: Artifact,
): Promise<Registered> {
  const { name, model, registry: settings, champion } = checkConfig(registrationSettings, config, `Run ${run}`);
  const folder = new ArtifactStore(home.artifacts).folder(artifact.sha256);
  const { encoder, ...known } = await readResult(REGISTRATION, folder);
  const registered = { name: settings.name ?? name, promoted: false, refused: [] as string[] };
  if (!encoder) {
    const refused = ['Validation chose the original text encoder: no tuned one was better.'];
    return save(home, run, { ...registered, refused });
  }
  const registry = new Registry(home);
  const { version } = await registry.register({
    name: registered.name,
    run,
    artifact,
    encoder,
    ...known,
    model,
    config: sha256(canonicalJson(config)),
    lineage: flatten(await traceArtifact(artifact.sha256, new ResultIndex(home.results))),
    champion: champion?.version,
    gate: settings.gate,
  });
  if (settings.promote === 'manual') return save(home, run, { ...registered, version });
  const { promoted, refused } = await registry.promote(registered.name, version);
  return save(home, run, { ...registered, version, promoted, refused });
}

async function save(home: Home, run: string, registered: Registered): Promise<Registered> {
  await saveRegistered(home.run(run), registered);
  return registered;
}

/** Lists each result once, inputs after the results made from them. */
function flatten(lineage: Lineage): LineageEntry[] {
  const entries = new Map<string, LineageEntry>();
  const visit = ({ result, inputs }: Lineage): void => {
    const { key, parts, artifact, run } = result;
    if (entries.has(key)) return;
    entries.set(key, { stage: parts.stage, key, artifact: artifact.sha256, run });
    inputs.forEach(visit);
  };
  visit(lineage);
  return [...entries.values()];
}
