import { z } from 'zod';

/** fetch() refuses such a URL with a message that holds it. */
const withoutUser = (url: string): boolean => {
  const { username, password } = URL.canParse(url) ? new URL(url) : { username: '', password: '' };
  return username === '' && password === '';
};

/** An address that something is sent to. */
export const httpUrl = z
  .url({ protocol: /^https?$/, error: 'is no URL with http:// or https://' })
  .refine(withoutUser, {
    message: 'must have no user and password in it; put a token into its path or query, or use a command',
  });
