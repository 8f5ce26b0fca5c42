import type { ZodType } from 'zod';

/** The parts of a zod schema's definition that are read here. */
export interface Definition {
  type: string;
  shape?: Record<string, ZodType>;
  innerType?: ZodType;
  element?: ZodType;
  /** Of a record. */
  valueType?: ZodType;
  /** Of a pipe, which transforms what this takes. */
  in?: ZodType;
  options?: readonly ZodType[];
}
export const definition = (schema: ZodType): Definition => schema.def as unknown as Definition;

/** Returns the keys that `schema` allows at `path`. */
export function knownKeys(schema: ZodType, path: readonly string[]): string[] {
  let at: ZodType | undefined = schema;
  for (const key of path) {
    const { shape, element } = definition(unwrap(at));
    at = shape ? shape[key] : element;
    if (!at) return [];
  }
  return Object.keys(definition(unwrap(at)).shape ?? {});
}

/** Strips optional, default and other wrappers from a schema. */
export function unwrap(schema: ZodType): ZodType {
  const { innerType } = definition(schema);
  return innerType ? unwrap(innerType) : schema;
}
