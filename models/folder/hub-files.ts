import { chooseWeightFile } from './weight-names.ts';

/**
 * Selects the files to download from a model's repository. For a diffusers pipeline: its parts' configurations,
 * tokenizer and weights. For any other model: its configuration and tokenizer files and one set of weights.
 * @param paths all files of the repository
 */
export function modelFiles(paths: readonly string[]): string[] {
  if (!paths.includes('model_index.json')) return networkFiles(paths, '');
  const parts = ['text_encoder/', 'unet/', 'vae/'].flatMap((folder) => networkFiles(paths, folder));
  return ['model_index.json', ...configurationFiles(paths), ...parts.filter((path) => !isConfiguration(path))];
}

/** Selects the files that describe a pipeline: its configurations and tokenizer, without weights. */
export function configurationFiles(paths: readonly string[]): string[] {
  return paths.filter(
    (path) =>
      /^(model_index\.json|(text_encoder|unet|vae|scheduler|tokenizer)\/[^/]+)$/.test(path) && isConfiguration(path),
  );
}

/** Selects a tokenizer's files in a model's repository. */
export function tokenizerFiles(paths: readonly string[]): string[] {
  return paths.filter((path) =>
    /^(vocab|tokenizer|tokenizer_config|special_tokens_map|added_tokens)\.json$|^(merges|vocab)\.txt$/.test(path),
  );
}

const isConfiguration = (path: string) => /\.(json|txt)$/.test(path) && !/\.index(\.fp16)?\.json$/.test(path);

function networkFiles(paths: readonly string[], folder: string): string[] {
  const names = paths
    .filter((path) => path.startsWith(folder) && !path.slice(folder.length).includes('/'))
    .map((path) => path.slice(folder.length));
  const weights = chooseWeightFile(names);
  const wanted = names.filter((name) => isConfiguration(name) || name === weights || isShard(name, weights));
  return wanted.map((name) => folder + name);
}

/**
 * Returns whether a file is a shard of this index: `model-00001-of-00002.safetensors`, `model.safetensors.index.json`.
 */
function isShard(name: string, index: string | undefined): boolean {
  const [, stem, type] =
    /^([^.]+)\.(?:fp16\.)?(safetensors|bin)(?:\.fp16)?\.index(?:\.fp16)?\.json$/.exec(index ?? '') ?? [];
  if (stem === undefined) return false;
  const [, of, ending] = /^(.+?)-\d{5}-of-\d{5}(?:\.fp16)?\.(\w+)$/.exec(name) ?? [];
  const isVariant = (text: string) => text.includes('.fp16');
  return of?.replace('.fp16', '') === stem && ending === type && isVariant(name) === isVariant(index!);
}
