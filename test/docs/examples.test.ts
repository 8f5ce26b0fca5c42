import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Example {
  /** `file.ts: name` of what it documents. */
  of: string;
  name: string;
  /** Whether it is a type, which an example has a value of rather than calls. */
  isType: boolean;
  code: string;
}

/** The name that a declaration exports: of a function, a type, or the first constant of several. */
const nameOf = (node: ts.Node): string =>
  (ts.isVariableStatement(node)
    ? node.declarationList.declarations[0]
    : (node as Partial<ts.NamedDeclaration>)
  )?.name?.getText() ?? '';

/** Returns the examples in the doc comments of a module, without their code fences. */
function examplesIn(path: string, text: string): Example[] {
  const module = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: Example[] = [];
  const visit = (node: ts.Node): void => {
    for (const tag of ts
      .getJSDocTags(node)
      .filter(({ tagName, parent }) => parent.parent === node && tagName.text === 'example')) {
      const name = nameOf(node);
      const [, code] = /^```ts\n(.*)\n```$/s.exec(ts.getTextOfJSDocComment(tag.comment)?.trim() ?? '') ?? [];
      if (code === undefined) throw new Error(`${path}: the example of ${name} is not one block of ts code`);
      found.push({ of: `${path}: ${name}`, name, isType: ts.isInterfaceDeclaration(node), code });
    }
    node.forEachChild(visit);
  };
  visit(module);
  return found;
}

const modules = [
  ...readdirSync(join(root, 'api'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join('api', path)),
  'pipeline/pipeline.ts',
  'pipeline/stage.ts',
  'rewards/inspect-rewards.ts',
  'rewards/reward-type.ts',
  'rewards/reward-types.ts',
].sort();
const examples = modules.flatMap((path) => examplesIn(path, readFileSync(join(root, path), 'utf8')));

/** Type-checks modules that lie, in memory only, in the root of the checkout. @returns the errors of each */
function errorsOf(codes: readonly string[]): string[][] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: Record<string, unknown> };
  };
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, incremental: undefined, tsBuildInfoFile: undefined },
    root,
  );
  const host = ts.createCompilerHost(options);
  const texts = new Map(codes.map((code, i) => [join(root, `example-${i}.ts`), `${code}\nexport {};\n`]));
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  host.getSourceFile = (path, language, onError, again) => {
    const text = texts.get(path);
    return text === undefined
      ? getSourceFile(path, language, onError, again)
      : ts.createSourceFile(path, text, language);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return [...texts.keys()].map((path) => {
    const file = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(({ messageText }) =>
      ts.flattenDiagnosticMessageText(messageText, '\n'),
    );
  });
}

const example = (name: string) => examples.find((each) => each.name === name)!.code;

const exported = ts.SyntaxKind.ExportKeyword;

const isFunction = (node: ts.Statement): boolean =>
  ts.isFunctionDeclaration(node) ||
  (ts.isVariableStatement(node) &&
    node.declarationList.declarations.some(({ initializer }) => initializer && ts.isFunctionLike(initializer)));

/** Returns the exported functions of a module whose doc comments have no example. */
function withoutExample(path: string, text: string): string[] {
  const module = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  return module.statements
    .filter(isFunction)
    .filter((each) => ts.canHaveModifiers(each) && ts.getModifiers(each)?.some(({ kind }) => kind === exported))
    .filter((each) => !ts.getJSDocTags(each).some(({ tagName }) => tagName.text === 'example'))
    .map(nameOf);
}
it('has an example for each exported function of api/ and of the entry to the rewards', () => {
  const undocumented = modules
    .filter((path) => !path.startsWith('pipeline'))
    .flatMap((path) => withoutExample(path, readFileSync(join(root, path), 'utf8')).map((name) => `${path}: ${name}`));
  expect(undocumented).toEqual([]);
  const names = ['definePipeline', 'defineStage', 'exportModel', 'inspect', 'loadRewards', 'RewardType'];
  expect(examples.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
});

it('finds exported functions without an example, whatever their form', () => {
  const code = `
    /** Has one. @example f() */
    export function f() {}
    /** Has none. */
    export async function g() {}
    export const h = () => 1, one = 1;
    export const two = 2;
    function inside() {}
  `;
  expect(withoutExample('module.ts', code)).toEqual(['g', 'h']);
});

it.each(examples)('$of is used in its example', ({ name, isType, code }) => {
  expect(code).toContain(isType ? `: ${name} =` : `${name}(`);
  expect(code).toMatch(new RegExp(`import (type )?\\{[^}]*\\b${name}\\b[^}]*\\} from`));
});

it('has examples that compile, and refuses those that do not', () => {
  const wrong: [code: string, error: RegExp][] = [
    [example('exportModel').replace("dtype: 'float16'", "dtype: 'float64'"), /'"float64"' is not assignable/],
    [example('generate').replace('    seed: 1,\n', ''), /'seed' is missing/],
    [example('importModel').replace('api/import-model', 'api/imports'), /Cannot find module '.\/api\/imports.ts'/],
    [example('describeRun').replace('comparisons }', 'comparison }'), /'comparison' does not exist/],
    [example('RewardType').replace('...withoutPrompt,', ''), /missing the following properties.* promptLength/],
    [example('definePipeline').replace("inputs: ['list']", "inputs: ['lost']"), /unknownInputs/],
  ];
  const errors = errorsOf([...examples.map(({ code }) => code), ...wrong.map(([code]) => code)]);
  const ours = examples.map(({ of }, i) => ({ of, errors: errors[i] }));
  expect(ours).toEqual(examples.map(({ of }) => ({ of, errors: [] })));
  for (const [i, [code, error]] of wrong.entries())
    expect(errors[examples.length + i]!.join('\n'), code).toMatch(error);
});
