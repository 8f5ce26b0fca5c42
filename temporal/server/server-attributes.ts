import { searchAttributes } from '../../workflows/search-attributes.ts';
import type { TemporalServer } from './temporal-server.ts';

/** Temporal's own names of the types. */
const types = { KEYWORD: 'Keyword', KEYWORD_LIST: 'KeywordList' } as const;
const typeOf = ({ type }: { type: string }): string => types[type as keyof typeof types];

/** Arguments that register the attributes with the development server. */
export const searchAttributeArguments = searchAttributes.flatMap((key) => [
  '--search-attribute',
  `${key.name}=${typeOf(key)}`,
]);

/**
 * Returns whether runs on this server can be found by stage, model and status. Our own servers have the attributes;
 * others may lack them.
 */
export async function hasSearchAttributes({
  connection,
  namespace,
}: Pick<TemporalServer, 'connection' | 'namespace'>): Promise<boolean> {
  try {
    const { customAttributes = {} } = await connection.operatorService.listSearchAttributes({ namespace });
    return searchAttributes.every(({ name }) => customAttributes[name] !== undefined);
  } catch {
    return false; // not allowed to ask, for one
  }
}

/** The commands that add the attributes to a server. */
export const searchAttributeAdvice = searchAttributes
  .map((key) => `temporal operator search-attribute create --name ${key.name} --type ${typeOf(key)}`)
  .join('; ');
