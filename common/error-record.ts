import {
  CancelledError,
  CollapseError,
  InputError,
  NothingThereError,
  RetryableError,
  RunError,
  TextcraftorError,
  type ErrorRecord,
} from './errors.ts';
import { reasonOf } from './text/reason.ts';
import { cut } from './text/short.ts';
import { systemError } from './system-error.ts';

const classes = { InputError, NothingThereError, RunError, CollapseError, RetryableError, CancelledError };

/** In characters. Longer messages add nothing, and reading a record back refuses them. */
const [longestName, longestMessage] = [200, 10_000];

/** Makes a record from a name and a message that may be of any length or not be strings at all. */
export function boundedRecord(name: unknown, message: unknown): ErrorRecord {
  return { name: cut(String(name), longestName), message: cut(String(message), longestMessage) };
}

/**
 * Turns any thrown value into a record: system errors are put into words; other foreign errors keep their name and
 * message.
 */
export function toErrorRecord(error: unknown): ErrorRecord {
  const known = systemError(error) ?? error;
  if (known instanceof TextcraftorError) return boundedRecord(known.name, known.message);
  return boundedRecord(known instanceof Error ? known.name : 'Error', reasonOf(known, longestMessage));
}

/** Recreates the error that `record` was made from; an unknown name becomes a RunError. */
export function fromErrorRecord(record: ErrorRecord): TextcraftorError {
  const known = Object.hasOwn(classes, record.name) ? classes[record.name as keyof typeof classes] : undefined;
  return known ? new known(record.message) : new RunError(`${record.name}: ${record.message}`);
}
