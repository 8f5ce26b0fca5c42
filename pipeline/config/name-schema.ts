import { z } from 'zod';
import { longest } from '../../common/identifiers.ts';

/** A name in a configuration that ids and folders are made from: {@link file://../../common/identifiers.ts}. */
export const nameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower-case letters, digits and hyphens')
  .max(longest('name'), `must have at most ${longest('name')} characters`);
