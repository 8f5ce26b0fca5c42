import type { Registered } from '../../registry/registered.ts';

/** What the registry made of a run's encoder, on a line. */
export function describeRegistered({ name, version, promoted, refused }: Registered): string {
  if (version === undefined) return `Encoder: none registered. ${refused.join(' ')}`;
  const reference = `${name}@${version}`;
  if (promoted) return `Encoder: ${reference}, in production.`;
  if (refused.length > 0) return `Encoder: ${reference}, not put into production: ${refused.join(' ')}`;
  return `Encoder: ${reference}, a candidate; put it into production with: textcraftor registry promote ${reference}`;
}
