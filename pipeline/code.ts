import { readFile } from 'node:fs/promises';
import { builtinModules, createRequire } from 'node:module';
import { join } from 'node:path';
import { build, transform } from 'esbuild';
import { RunError } from '../common/errors.ts';
import { canonicalJson, sha256 } from '../common/files.ts';

/** What a stage's module does, as far as its text says. */
export interface CodeDigest {
  /** Of all code that the module can reach, and of the versions of the packages. */
  sha256: string;
  /** Each module with code in it -> digest of its text. Only to say what changed. */
  modules: Record<string, string>;
  /** Each npm package that is imported -> its version. */
  packages: Record<string, string>;
}

/**
 * Digest of a module and everything that it imports, without what changes nothing: comments, formatting, types, and
 * functions that are imported by nobody (the bundler leaves them out). Code that is loaded in another way than by
 * an import is not seen.
 *
 * @param path relative to `root`
 */
export async function digestCode(path: string, root: string): Promise<CodeDigest> {
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
    throw new RunError(`The stage's module ${join(root, path)} cannot be bundled: ${error.message}`);
  });
  const output = Object.values(bundle.metafile.outputs)[0]!;
  const used = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const modules: Record<string, string> = {};
  for (const [name] of used) modules[name] = await digestModule(join(root, name));
  const packages = packageVersions(
    output.imports.map((item) => item.path),
    root,
  );
  const code = bundle.outputFiles[0]!.text;
  return { sha256: sha256(canonicalJson({ code, packages })), modules, packages };
}

async function digestModule(path: string): Promise<string> {
  const { code } = await transform(await readFile(path, 'utf8'), {
    loader: path.endsWith('.json') ? 'json' : 'ts',
    legalComments: 'none',
    minifyWhitespace: true,
    target: 'es2023',
  });
  return sha256(code);
}

/** Package names of import specifiers -> installed versions; Node's own modules aside. */
function packageVersions(specifiers: readonly string[], root: string): Record<string, string> {
  const names = specifiers
    .filter((specifier) => !specifier.startsWith('node:') && !builtinModules.includes(specifier))
    .map((specifier) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    );
  const require = createRequire(join(root, 'package.json'));
  return Object.fromEntries([...new Set(names)].toSorted().map((name) => [name, packageVersion(name, require)]));
}

function packageVersion(name: string, require: NodeJS.Require): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return (require(join(folder, name, 'package.json')) as { version: string }).version;
    } catch {
      // not in this folder
    }
  }
  return 'not installed';
}
