import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../common/errors.ts';
import { identifier, isIdentifier } from '../common/identifiers.ts';
import { readSealed, writeSealed } from '../common/files/sealed.ts';
import type { Home } from '../pipeline/runs/home.ts';
import { withLock } from '../pipeline/runs/lock.ts';
import { candidate, moved, previousProduction, production, type AliasChange, type Aliases } from './aliases.ts';
import { missedBounds } from './gate.ts';
import type { EncoderVersion } from './version.ts';

const restore = 'restore it from a copy, or delete the file and register the encoder again';

/** Outcome of an attempted promotion. */
export interface Promotion {
  promoted: boolean;
  version: number;
  /** The version in production before. */
  from?: number | undefined;
  /** Reasons for refusal, one sentence each. With `promoted`: the reasons overruled. */
  refused: string[];
}

/**
 * Tuned encoders by name: `registry/NAME/versions/000001.json` and `aliases.json`. Versions are written once; every
 * change is made under a lock by one rename.
 */
export class Registry {
  readonly #folder: string;

  constructor(home: Home) {
    this.#folder = home.registry;
  }

  /** Lists the names in alphabetical order. */
  async names(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return names.filter((name) => isIdentifier('name', name)).toSorted();
  }

  /** Lists the versions of a name, oldest first. */
  async versions(name: string): Promise<EncoderVersion[]> {
    const folder = join(this.#nameFolder(name), 'versions');
    const files = (await readdir(folder).catch(() => [])).filter((file) => /^\d+\.json$/.test(file)).toSorted();
    return Promise.all(files.map((file) => readSealed<EncoderVersion>(join(folder, file), restore)));
  }

  /** Reads a version. @throws InputError when there is none */
  async version(name: string, version: number): Promise<EncoderVersion> {
    const found = (await this.versions(name)).find((each) => each.version === version);
    if (found) return found;
    throw new InputError(`${name} has no version ${version}; list them with: textcraftor registry list`);
  }

  async aliases(name: string): Promise<Aliases> {
    try {
      return await readSealed<Aliases>(this.#aliasFile(name), restore);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { current: {}, history: [] };
      throw error;
    }
  }

  /**
   * Gives an encoder the next number and the alias `candidate`. An artifact that is already registered keeps its number, so
   * repeating an interrupted attempt is harmless.
   */
  async register(draft: Omit<EncoderVersion, 'version' | 'createdAt'>): Promise<EncoderVersion> {
    const { name } = draft;
    return withLock(this.#nameFolder(name), async () => {
      const versions = await this.versions(name);
      const known = versions.find(({ artifact }) => artifact.sha256 === draft.artifact.sha256);
      const version = known ?? {
        ...draft,
        version: (versions.at(-1)?.version ?? 0) + 1,
        createdAt: new Date().toISOString(),
      };
      if (!known) await writeSealed(this.#versionFile(version), version, 2);
      // Never move it back: registering the same work again is not a new candidate.
      if (((await this.aliases(name)).current[candidate] ?? 0) < version.version)
        await this.#move(name, { kind: 'register', alias: candidate, to: version.version });
      return version;
    });
  }

  /**
   * Puts a version into production if it passes its gate against the original encoder and the version in production.
   * @param force promotes it regardless, and records the bounds it missed
   */
  async promote(name: string, version: number, force = false): Promise<Promotion> {
    return withLock(this.#nameFolder(name), async () => {
      const challenger = await this.version(name, version);
      const aliases = await this.aliases(name);
      const from = aliases.current[production];
      if (from === version) return { promoted: true, version, from, refused: [] };
      const refused = [...refusals(challenger, from), ...rolledBack(aliases, version)];
      if (refused.length > 0 && !force) return { promoted: false, version, from, refused };
      const forced = refused.length > 0 ? { forced: refused } : {};
      await this.#move(name, { kind: 'promote', alias: production, to: version, ...forced });
      return { promoted: true, version, from, refused };
    });
  }

  /** Puts the previous version back into production. @throws InputError when there is none */
  async rollback(name: string): Promise<AliasChange> {
    return withLock(this.#nameFolder(name), async () => {
      const aliases = await this.aliases(name);
      const to = previousProduction(aliases);
      if (to === undefined)
        throw new InputError(`${name}: no other version was in production before; there is nothing to go back to.`);
      return (await this.#move(name, { kind: 'rollback', alias: production, to }))!;
    });
  }

  /** Points a user-defined alias at a version. @throws InputError for `candidate` and `production` */
  async alias(name: string, alias: string, version: number): Promise<void> {
    if (alias === production || alias === candidate)
      throw new InputError(
        `The alias ${alias} is moved automatically: ${alias === candidate ? 'it is the newest version' : 'use registry promote or registry rollback'}.`,
      );
    identifier('alias', alias);
    await withLock(this.#nameFolder(name), async () => {
      await this.version(name, version);
      await this.#move(name, { kind: 'alias', alias, to: version });
    });
  }

  /** Moves an alias; returns undefined when it already points there. */
  async #move(name: string, change: Omit<AliasChange, 'at' | 'from'>): Promise<AliasChange | undefined> {
    const aliases = await this.aliases(name);
    if (aliases.current[change.alias] === change.to) return undefined;
    const next = moved(aliases, change);
    await writeSealed(this.#aliasFile(name), next, 2);
    return next.history.at(-1);
  }

  #nameFolder(name: string): string {
    return join(this.#folder, identifier('name', name));
  }

  #versionFile({ name, version }: Pick<EncoderVersion, 'name' | 'version'>): string {
    return join(this.#nameFolder(name), 'versions', `${String(version).padStart(6, '0')}.json`);
  }

  #aliasFile(name: string): string {
    return join(this.#nameFolder(name), 'aliases.json');
  }
}

/** Lists the reasons why `challenger` may not replace `champion`; empty when it may. */
function refusals(challenger: EncoderVersion, champion: number | undefined): string[] {
  const { champion: judged, gate } = challenger;
  if (champion === undefined) return missedBounds(gate, challenger, ['base']);
  if (champion === judged) return missedBounds(gate, challenger, ['base', 'champion']);
  const rival = judged === undefined ? 'no other version' : `version ${judged}`;
  return [
    ...missedBounds(gate, challenger, ['base']),
    `Version ${champion} is in production, and this one was compared with ${rival}.`,
  ];
}

function rolledBack({ history }: Aliases, version: number): string[] {
  const undone = history.some(({ kind, from }) => kind === 'rollback' && from === version);
  return undone ? ['It was in production before, and was rolled back.'] : [];
}
