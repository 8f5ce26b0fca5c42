import type { Registered } from '../../registry/registered.ts';

/** Formats the registry's outcome for a run's encoder, on one line. */
export function describeRegistered({ name, version, promoted, refused }: Registered): string {
  if (version === undefined) return `Encoder: none registered. ${refused.join(' ')}`;
  const reference = `${name}@${version}`;
  if (promoted) return `Encoder: ${reference}, in production.`;
  if (refused.length > 0) return `Encoder: ${reference}, not promoted to production: ${refused.join(' ')}`;
  return `Encoder: ${reference}, a candidate; promote it to production with: textcraftor registry promote ${reference}`;
}
