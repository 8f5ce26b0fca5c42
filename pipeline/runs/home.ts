import { join } from 'node:path';
import { pathSegment } from '../../common/identifiers.ts';

/** Files in a run's folder: its record, its configuration, and the live process that owns it. */
export const [RUN_FILE, CONFIG_FILE, OWNER_FILE] = ['run.json', 'config.json', 'owner.json'] as const;

/**
 * The layout of `.textcraftor`, the folder with everything that a project has made, all on one file system. Any name that
 * leads out of its folder is refused.
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

  /** Digests of external files. */
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

  /** Blind comparisons of pictures by people, and their votes. */
  get studies(): string {
    return join(this.folder, 'studies');
  }

  /** Records of schedules: the prompts they used and the runs they started. */
  get schedules(): string {
    return join(this.folder, 'schedules');
  }

  /** Temporal server of `textcraftor worker`: database, log and address. */
  get temporal(): string {
    return join(this.folder, 'temporal');
  }

  /** Unique id of this home: see {@link file://./home-id.ts}. */
  get id(): string {
    return join(this.folder, 'id');
  }

  get runs(): string {
    return join(this.folder, 'runs');
  }

  run(id: string): string {
    return join(this.runs, pathSegment(id));
  }

  /** All unfinished work. */
  get works(): string {
    return join(this.folder, 'work');
  }

  /** Unfinished work on one key: its lease, checkpoints and output. */
  work(stage: string, key: string): string {
    return join(this.works, pathSegment(`${stage}-${key.slice(0, 16)}`));
  }
}
