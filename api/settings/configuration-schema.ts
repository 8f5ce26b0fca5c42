import { z } from 'zod';
import { absolutePath } from '../../pipeline/config/config-file.ts';
import { defaultPipeline, loadPipeline } from '../../pipeline/load.ts';

/**
 * Returns the JSON Schema of a configuration, for editors: every key with its type, bounds, default and a sentence. It does
 * not have the constraints between several values, which `textcraftor plan` checks.
 * @param module of another pipeline
 * @param folder where a relative path starts
 * @throws InputError when the module cannot be loaded
 * @example
 * ```ts
 * import { configurationSchema } from './api/settings/configuration-schema.ts';
 *
 * const schema = await configurationSchema();
 * console.log(Object.keys(schema.properties ?? {}));
 * ```
 */
export async function configurationSchema(
  module?: string,
  folder = process.cwd(),
): Promise<z.core.JSONSchema.BaseSchema> {
  const { name, schema } = await loadPipeline(module === undefined ? defaultPipeline : absolutePath(module, folder));
  const found = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    // The marks of paths and programs are this project's own.
    override: ({ jsonSchema }) => {
      delete jsonSchema['path'];
      delete jsonSchema['command'];
    },
  });
  const { $schema, ...rest } = found;
  return { ...($schema === undefined ? {} : { $schema }), title: `A configuration of ${name}`, ...rest };
}
