import { searchAttributes } from '../../workflows/search-attributes.ts';
import type { TemporalServer } from './temporal-server.ts';

/** Temporal's own names of the types. */
const types = { KEYWORD: 'Keyword', KEYWORD_LIST: 'KeywordList' } as const;
const typeOf = ({ type }: { type: string }): string => types[type as keyof typeof types];

/** For the command of the development server. */
export const searchAttributeArguments = searchAttributes.flatMap((key) => [
  '--search-attribute',
  `${key.name}=${typeOf(key)}`,
]);

/** Whether runs on this server can be found by stage, model and status. A server of our own has been told; another may not know. */
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

/** What makes runs findable on a server that does not know the attributes. */
export const searchAttributeAdvice = searchAttributes
  .map((key) => `temporal operator search-attribute create --name ${key.name} --type ${typeOf(key)}`)
  .join('; ');
