import { z } from 'zod';

/** Returns whether a URL has no user or password: fetch() refuses one that does, with a message that repeats it. */
const withoutUser = (url: string): boolean => {
  const { username, password } = URL.canParse(url) ? new URL(url) : { username: '', password: '' };
  return username === '' && password === '';
};

/** An HTTP or HTTPS address to send requests to. */
export const httpUrl = z.url({ protocol: /^https?$/, error: 'is not an http:// or https:// URL' }).refine(withoutUser, {
  message: 'must not contain a user or password; put a token into its path or query, or use a command',
});
