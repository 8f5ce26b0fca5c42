import { Option } from 'commander';

/** The option `--dtype` of commands that write weights. */
export const storedType = (): Option =>
  new Option('--dtype <type>', 'data type of the stored weights').choices(['float32', 'float16']).default('float32');
