import { z } from 'zod';
import { httpUrl } from '../../http-url.ts';
import { command } from '../config-paths.ts';

/** A receiver of a run's outcome as JSON: a webhook, or a command that reads it on standard input. */
const hookSchema = z.union([
  z.strictObject({
    webhook: httpUrl.describe("URL that receives a run's outcome as JSON by POST."),
  }),
  z.strictObject({
    command: command.describe("Program and arguments; it reads a run's outcome as JSON on standard input."),
  }),
]);

/** The section `notify` of a configuration. */
export const notifySchema = z.array(hookSchema).default([]);

export type Hook = z.infer<typeof hookSchema>;
