import type { ZodType } from 'zod';

/** What is read of a zod schema's definition. */
export interface Definition {
  type: string;
  shape?: Record<string, ZodType>;
  innerType?: ZodType;
  element?: ZodType;
}
export const definition = (schema: ZodType): Definition => schema.def as unknown as Definition;

/** The keys that `schema` knows at `path`. */
export function knownKeys(schema: ZodType, path: readonly string[]): string[] {
  let at: ZodType | undefined = schema;
  for (const key of path) {
    const { shape, element } = definition(unwrap(at));
    at = shape ? shape[key] : element;
    if (!at) return [];
  }
  return Object.keys(definition(unwrap(at)).shape ?? {});
}

/** Without optional, default and the like. */
export function unwrap(schema: ZodType): ZodType {
  const { innerType } = definition(schema);
  return innerType ? unwrap(innerType) : schema;
}
