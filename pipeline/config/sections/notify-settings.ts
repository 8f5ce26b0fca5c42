import { z } from 'zod';
import { httpUrl } from '../../http-url.ts';
import { command } from '../config-paths.ts';

/** A receiver of a run's outcome as JSON: a webhook, or a command that reads it on standard input. */
const hookSchema = z.union([
  z.strictObject({
    webhook: httpUrl,
  }),
  z.strictObject({ command }),
]);

/** The section `notify` of a configuration. */
export const notifySchema = z.array(hookSchema).default([]);

export type Hook = z.infer<typeof hookSchema>;
