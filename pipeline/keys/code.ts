import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { builtinModules, createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { RunError } from '../../common/errors.ts';
import { canonicalJson, sha256 } from '../../common/files.ts';
import { reasonOf } from '../../common/text/reason.ts';

/** Digest of a stage's module, computed from its source text. */
export interface CodeDigest {
  /** Digest of all code reachable from the module, and of the package versions. */
  sha256: string;
  /** Digests of the text of each module that contains code. Only used to report what changed. */
  modules: Record<string, string>;
  /** Versions of the imported npm packages. */
  packages: Record<string, string>;
}

/** A digest and the files it was made from. */
export interface ReadCode {
  digest: CodeDigest;
  /** All files it depends on (absolute paths); undefined if one is missing that may appear later. */
  files: string[] | undefined;
}

/**
 * Computes the digest of a module and everything it imports, ignoring what has no effect: comments, formatting, types,
 * and functions that nobody imports (the bundler drops them). Code loaded in any way other than an import is not seen.
 *
 * @param path relative to `root`
 */
export async function readCode(path: string, root: string): Promise<ReadCode> {
  const bundle = await build({
    absWorkingDir: root,
    entryPoints: [path],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'es2023',
    packages: 'external',
    legalComments: 'none',
    minifyWhitespace: true,
    treeShaking: true,
    outdir: 'out',
    logLevel: 'silent',
    tsconfigRaw: {},
  }).catch((error: Error) => {
    throw new RunError(`The stage's module ${join(root, path)} cannot be bundled: ${reasonOf(error)}`);
  });
  const output = Object.values(bundle.metafile.outputs)[0]!;
  const used = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const modules: Record<string, string> = {};
  for (const [name] of used) modules[name] = await digestModule(join(root, name));
  const found = findPackages(
    output.imports.map((item) => item.path),
    root,
  );
  const packages = Object.fromEntries(found.map(({ name, version }) => [name, version]));
  const code = bundle.outputFiles[0]!.text;
  const read = [
    ...Object.keys(bundle.metafile.inputs).map((name) => join(root, name)),
    ...found.map(({ file }) => file),
    ...makers.filter((file) => existsSync(file)),
    ...[join(root, 'package.json')].filter((file) => existsSync(file)), // declares side effects
  ];
  return {
    digest: { sha256: sha256(canonicalJson({ code, packages })), modules, packages },
    files: read.every((file) => file !== undefined) ? read : undefined,
  };
}

/** Tools that determine how source text becomes a digest. */
const makers = [
  fileURLToPath(import.meta.url),
  join(createRequire(import.meta.url).resolve('esbuild'), '../../package.json'),
];

async function digestModule(path: string): Promise<string> {
  const { code } = await transform(await readFile(path, 'utf8'), {
    loader: path.endsWith('.json') ? 'json' : 'ts',
    legalComments: 'none',
    minifyWhitespace: true,
    target: 'es2023',
  });
  return sha256(code);
}

interface FoundPackage {
  name: string;
  version: string;
  /** Its package.json. */
  file?: string;
}

/** Finds the installed packages of import specifiers, except Node's built-in modules. */
function findPackages(specifiers: readonly string[], root: string): FoundPackage[] {
  const names = specifiers
    .filter((specifier) => !specifier.startsWith('node:') && !builtinModules.includes(specifier))
    .map((specifier) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    );
  const require = createRequire(join(root, 'package.json'));
  return [...new Set(names)].toSorted().map((name) => findPackage(name, require));
}

function findPackage(name: string, require: NodeJS.Require): FoundPackage {
  for (const folder of require.resolve.paths(name) ?? []) {
    const file = join(folder, name, 'package.json');
    if (!existsSync(file)) continue;
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    return { name, version, file };
  }
  return { name, version: 'not installed' };
}
