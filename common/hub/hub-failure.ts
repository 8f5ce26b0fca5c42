import { HubApiError } from '@huggingface/hub';
import { CancelledError, InputError, RetryableError, TextcraftorError } from '../errors.ts';
import { HUB_ENDPOINT, type HubOptions, type HubRepo } from './options.ts';
import { reasonOf } from '../text/reason.ts';

/** Turns a failed request to a hub into an error that says what to do about it. */
export function hubFailure(
  error: unknown,
  repo: HubRepo,
  { endpoint = HUB_ENDPOINT, token, signal }: Omit<HubOptions, 'progress'>,
): Error {
  if (error instanceof TextcraftorError) return error;
  if (signal?.aborted)
    return new CancelledError(`The download of ${repo.id} was stopped; the next one continues from there.`);
  // The client's own check of a token's form.
  if (error instanceof TypeError && error.message.includes('access token'))
    return new InputError(`HF_TOKEN is not a token of the hub: ${error.message}.`);
  const what = `the ${repo.kind} ${repo.id}`;
  const page = `${endpoint}/${repo.kind === 'dataset' ? 'datasets/' : ''}${repo.id}`;
  const status = error instanceof HubApiError ? error.statusCode : undefined;
  if (status === 401 || status === 403)
    return new InputError(
      token === undefined
        ? `The hub does not serve ${what} without a token, or it does not exist: see ${page}, accept its conditions if it has any, and set HF_TOKEN.`
        : `The hub does not serve ${what} to the owner of this HF_TOKEN: see ${page}, and accept its conditions if it has any.`,
    );
  if (status === 404)
    return new InputError(
      `There is no ${repo.kind} ${repo.id} with the revision ${repo.revision ?? 'main'} at ${endpoint}.`,
    );
  if (status !== undefined && status < 500 && status !== 429)
    return new InputError(`The hub refuses ${what} (${reasonOf(error)}).`);
  return new RetryableError(
    `${endpoint} cannot be reached for ${what} (${reason(error)}): try again with a connection, or name a folder on this machine instead.`,
  );
}

/** fetch() says "fetch failed" and hides the reason. */
function reason(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : message;
}
