import { join } from 'node:path';
import { pathSegment } from '../../common/identifiers.ts';

/**
 * The layout of the folder that holds everything a project has made: `.textcraftor`. All of it is on one file system. A
 * name that would lead out of its folder is refused, wherever it comes from.
 */
export class Home {
  /** Absolute. */
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Artifacts by digest. */
  get artifacts(): string {
    return join(this.folder, 'artifacts');
  }

  /** Results of stages by key. */
  get results(): string {
    return join(this.folder, 'results');
  }

  /** Digests of files outside. */
  get externalDigests(): string {
    return join(this.folder, 'external.json');
  }

  /** Digests of stages' code. */
  get codeDigests(): string {
    return join(this.folder, 'code.json');
  }

  /** Workflows, bundled for the worker. */
  get workflows(): string {
    return join(this.folder, 'workflows');
  }

  /** Tuned encoders by name and number. */
  get registry(): string {
    return join(this.folder, 'registry');
  }

  /** What schedules have used and done. */
  get schedules(): string {
    return join(this.folder, 'schedules');
  }

  /** The Temporal server that `textcraftor worker` keeps: its database, its log, and where it listens. */
  get temporal(): string {
    return join(this.folder, 'temporal');
  }

  /** What tells this home from others: see {@link file://./home-id.ts}. */
  get id(): string {
    return join(this.folder, 'id');
  }

  get runs(): string {
    return join(this.folder, 'runs');
  }

  run(id: string): string {
    return join(this.runs, pathSegment(id));
  }

  /** All work that is not finished. */
  get works(): string {
    return join(this.folder, 'work');
  }

  /** Work that is not finished: its lease, checkpoints and output. */
  work(stage: string, key: string): string {
    return join(this.works, pathSegment(`${stage}-${key.slice(0, 16)}`));
  }
}
