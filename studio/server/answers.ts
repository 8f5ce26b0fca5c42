import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { InputError, NothingThereError, RunError, type ErrorRecord } from '../../common/errors.ts';
import { systemError } from '../../common/system-error.ts';

/** The body of every answer that is not a success. */
export interface Refusal {
  error: ErrorRecord;
}

/** Answers with an error that the page can show. */
export function refuse(context: Context, status: ContentfulStatusCode, name: string, message: string): Response {
  return context.json({ error: { name, message } } satisfies Refusal, status);
}

/** Answers for an error that was thrown: a sentence if it was foreseen, else nothing of it. */
export function answerError(error: Error, context: Context): Response {
  const known = systemError(error);
  if (known instanceof NothingThereError) return refuse(context, 404, known.name, known.message);
  if (known instanceof InputError) return refuse(context, 400, known.name, known.message);
  if (known instanceof RunError) return refuse(context, 409, known.name, known.message);
  if (known) return refuse(context, 503, known.name, known.message);
  return refuse(context, 500, 'Error', 'Something unexpected went wrong in the studio; its terminal says more.');
}
