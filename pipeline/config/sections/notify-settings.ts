import { z } from 'zod';

/** fetch() refuses such a URL with a message that holds it. */
const withoutUser = (url: string): boolean => {
  const { username, password } = URL.canParse(url) ? new URL(url) : { username: '', password: '' };
  return username === '' && password === '';
};

/** Who hears how a run ended: a webhook that is sent the outcome as JSON, or a command that reads it. */
export const hookSchema = z.union([
  z.strictObject({
    webhook: z.url({ protocol: /^https?$/ }).refine(withoutUser, {
      message: 'must have no user and password in it; put a token into its path or query, or use a command',
    }),
  }),
  z.strictObject({ command: z.array(z.string().min(1)).min(1) }),
]);

/** The section `notify` of a configuration. */
export const notifySchema = z.array(hookSchema).default([]);

export type Hook = z.infer<typeof hookSchema>;
