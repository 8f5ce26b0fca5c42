import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canonicalJson, sha256 } from '../../common/files.ts';
import type { CodeDigest } from './code.ts';
import type { CodeDigests } from './code-digests.ts';
import { checkout } from '../config/config-file.ts';
import { describeEngine, type EngineDescription } from './engine-identity.ts';
import type { ExternalDigests } from './external-inputs.ts';
import type { Pipeline } from '../pipeline.ts';
import type { CommonSettings } from '../common-settings.ts';
import type { Stage } from '../stage.ts';

/** Everything that a stage's result depends on. Equal parts give equal keys, so the result can be reused. */
export interface KeyParts {
  stage: string;
  code: CodeDigest;
  /** The slice, with each path replaced by the name and digest of its content. */
  config: unknown;
  /** Names and digests of files that count although the slice does not name them. */
  beside?: string[];
  seed: number;
  /** Digest of each input stage's artifact. */
  inputs: Record<string, string>;
  engine?: EngineDescription;
  /** An item of a stage that fans out, or the list of its items. */
  part?: { item: string } | 'items';
}

/** Computes the key, a digest of the parts. Digests of single modules are left out: the code's digest covers them. */
export function keyOf({ code, ...parts }: KeyParts): string {
  return sha256(canonicalJson({ ...parts, code: code.sha256 }));
}

/** Computes key parts. */
export class KeyMaker {
  readonly #external: ExternalDigests;
  readonly #code: CodeDigests;

  constructor(external: ExternalDigests, code: CodeDigests) {
    this.#external = external;
    this.#code = code;
  }

  /** Returns the names and digests of the external files that a stage reads, by path. */
  async files<Settings>(stage: Stage<Settings, string, string>, settings: Settings): Promise<Map<string, string>> {
    const digests = new Map<string, string>();
    for (const path of new Set(stage.files?.(settings) ?? [])) digests.set(path, await this.#external.digest(path));
    return digests;
  }

  /** Computes the parts of a key. @param slice the part of the configuration that counts; default: the stage's */
  async parts<Settings extends CommonSettings>(
    pipeline: Pipeline<Settings>,
    stage: Stage<Settings, string, string>,
    settings: Settings,
    inputs: Record<string, string>,
    slice = stage.config(settings),
    files?: ReadonlyMap<string, string>,
  ): Promise<KeyParts> {
    const digests = files ?? (await this.files(stage, settings));
    const named = new Set(textsIn(stage.config(settings)));
    const beside = [...digests].flatMap(([path, digest]) => (named.has(path) ? [] : [digest])).toSorted();
    return {
      stage: stage.name,
      code: await this.#code.digest(stage.module, fileURLToPath(pipeline.root)),
      config: replacePaths(slice, digests),
      ...(beside.length > 0 ? { beside } : {}),
      seed: settings.seed,
      inputs,
      ...(stage.engine ? { engine: describeEngine(settings.engine, join(checkout, '.tools')) } : {}),
    };
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Replaces paths by digests, so that the same content elsewhere gives the same key. */
function replacePaths(value: unknown, digests: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return digests.get(value) ?? value;
  if (Array.isArray(value)) return value.map((item) => replacePaths(item, digests));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replacePaths(item, digests)]));
}
