// Rules for imports between folders (scripts/lint/rooms.mjs), and against circular imports.
import { parts, rooms, stageTypes, typesOf, vocabularies } from './scripts/lint/rooms.mjs';

const names = [...Object.keys(rooms), 'scripts', 'bench', 'test', 'examples'];

/** @param {string[]} paths */
const at = (paths) => paths.map((path) => `^${path.replaceAll('.', '\\.')}`);

/** @param {string} room @param {string[]} may */
function forbidden(room, may) {
  const typed = typesOf[room] ?? [];
  const others = names.filter(
    (name) => name !== room && !may.some((each) => name === each || name.startsWith(`${each}/`)),
  );
  const except = [...vocabularies, ...(parts[room] ? [parts[room]] : [])];
  const comment = `The import table (docs/architecture.md) does not let ${room}/ import this.`;
  const from = { path: `^${room}/` };
  const all = others.filter((name) => !typed.includes(name)).map((name) => `${name}/`);
  const types = [...typed.map((name) => `${name}/`), ...(others.includes('pipeline') ? [stageTypes] : [])];
  return [
    ...rule(all, { name: `imports-of-${room}`, comment, from }, { pathNot: at([...except, stageTypes]) }),
    ...rule(
      types,
      { name: `values-for-${room}`, comment: `${comment} Its types it may.`, from },
      { pathNot: at(except), dependencyTypesNot: /** @type {const} */ (['type-only']) },
    ),
  ];
}

/**
 * None where it would forbid nothing: an empty list of paths fits every file.
 * @template Named, To
 * @param {string[]} paths @param {Named} named @param {To} to
 */
function rule(paths, named, to) {
  return paths.length === 0
    ? []
    : [{ ...named, severity: /** @type {const} */ ('error'), to: { path: at(paths), ...to } }];
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'circle',
      comment: 'Files import each other in a circle: move what they share, often a type, into a separate file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...Object.entries(rooms).flatMap(([room, may]) => forbidden(room, may)),
    {
      name: 'temporal-stays-in-its-rooms',
      comment:
        'Only workflows/, activities/, temporal/ and those that call them know Temporal; what executes stages does not.',
      severity: 'error',
      from: {
        path: '^(common|engine|models|rewards|datasets|world|training|evaluation|pipeline|registry|activities/execution)/',
      },
      to: { path: 'node_modules/@temporalio/' },
    },
    {
      name: 'workflows-are-replayed',
      comment: 'A workflow is replayed: no files, clocks, processes or randomness of its own.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'nobody-imports-tests',
      severity: 'error',
      from: { pathNot: '^(test|bench)/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'command-line-is-tested-in-its-folder',
      comment: 'Only test/cli/ imports cli/: call api/ or what is below it.',
      severity: 'error',
      from: { path: '^(test|bench|examples)/', pathNot: '^test/cli/' },
      to: { path: '^cli/' },
    },
    { name: 'unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(\\.tools|\\.textcraftor)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.d.ts'],
    },
    cache: { folder: 'node_modules/.cache/dependency-cruiser', strategy: 'content' },
  },
};
