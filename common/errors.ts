/**
 * Kinds of failure. A message is one sentence: what is wrong, where (file, row, tensor or key), what was expected, and
 * what to do.
 */
export abstract class TextcraftorError extends Error {
  /** Whether the same call may succeed if repeated. */
  abstract readonly retryable: boolean;
  /** Exit code of the command line. */
  abstract readonly exitCode: number;
  override get name(): string {
    return this.constructor.name;
  }
}

/** The user's input (file, option, configuration) is wrong. Permanent; exit code 2. */
export class InputError extends TextcraftorError {
  readonly retryable = false;
  readonly exitCode = 2;
}

/** Input is missing where it is looked for. It may still arrive. */
export class NothingThereError extends InputError {}

/**
 * The run cannot continue and would fail again in the same way (a reward of NaN, a corrupted artifact). Exit code 1.
 */
export class RunError extends TextcraftorError {
  readonly retryable = false;
  readonly exitCode = 1;
}

/** Tuning games its rewards: they rise while quality falls. Exit code 1. */
export class CollapseError extends RunError {}

/** A passing fault (a killed trainer, a busy port, a server out of reach). Exit code 1. */
export class RetryableError extends TextcraftorError {
  readonly retryable = true;
  readonly exitCode = 1;
}

/** The user or the server asked to stop. Exit code 130. */
export class CancelledError extends TextcraftorError {
  readonly retryable = false;
  readonly exitCode = 130;
}

/** A stable, serializable form, for crossing process and Temporal boundaries. */
export interface ErrorRecord {
  name: string;
  message: string;
}
