import { builtinModules } from 'node:module';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Which folders each folder may import from; everybody may import `common/` and the types of `pipeline/stage.ts`. */
const imports = {
  common: [],
  datasets: [],
  engine: [],
  models: ['engine'],
  rewards: ['engine', 'models'],
  training: ['engine', 'models', 'rewards', 'datasets'],
  evaluation: ['engine', 'models', 'rewards', 'datasets'],
  inspection: ['engine', 'models', 'rewards', 'datasets', 'training', 'evaluation', 'pipeline'],
  pipeline: [],
  activities: ['engine', 'models', 'rewards', 'datasets', 'training', 'evaluation', 'pipeline'],
  workflows: ['pipeline'],
};
/** Folders of which only the types may be imported. */
const types = {
  pipeline: ['engine', 'models', 'rewards', 'datasets', 'training', 'evaluation', 'inspection'],
  workflows: ['activities'],
};
/** Files, by the beginning of their paths, that a folder may import from others: the tokenizer needs no engine. */
const files = { datasets: 'models/clip/tokenizer' };
const folders = [...Object.keys(imports), 'cli', 'web', 'scripts'];

const upTo = (names, except = '-') => `^(\\.\\./)+(?!${except})(${names.join('|')})/`;

function importRules(folder) {
  const typed = types[folder] ?? [];
  const may = new Set([folder, 'common', ...imports[folder], ...typed]);
  const mayNot = folders.filter((name) => !may.has(name));
  const message = `The import table in docs/architecture.md does not let ${folder}/ import this.`;
  const others = mayNot.filter((name) => name !== 'pipeline');
  const patterns = [{ regex: upTo(others, files[folder]), message }];
  if (mayNot.includes('pipeline')) {
    patterns.push({ regex: '^(\\.\\./)+pipeline/(?!stage\\.ts$)', message });
    patterns.push({ regex: '^(\\.\\./)+pipeline/stage\\.ts$', allowTypeImports: true, message });
  }
  // Vocabularies depend on nothing: the configuration's schema reads them.
  if (typed.length > 0)
    patterns.push({
      regex: upTo(typed, '.*/names\\.ts$'),
      allowTypeImports: true,
      message: `${message} Its types it may.`,
    });
  if (folder === 'pipeline')
    patterns.push({ regex: '^@temporalio/', message: 'The pipeline does not know what runs it.' });
  if (folder === 'workflows')
    patterns.push({
      regex: `^(node:|(${builtinModules.filter((name) => !name.startsWith('_')).join('|')})$)`,
      message: 'A workflow is replayed: no files, clocks, processes or randomness of its own.',
    });
  // A selector's regular expression may hold no slash.
  const forbidden = upTo(mayNot, files[folder]).replaceAll('/', '\\x2F');
  return {
    files: [`${folder}/**/*.ts`],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { patterns }],
      'no-restricted-syntax': ['error', { selector: `ImportExpression > Literal[value=/${forbidden}/]`, message }],
    },
  };
}

export default defineConfig(
  globalIgnores(['.tools/', '.textcraftor/', 'world/', '**/*.cjs', 'web/dist/']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Lengths are checked by hand where noUncheckedIndexedAccess asks for it in inner loops.
      '@typescript-eslint/no-non-null-assertion': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Only cli/ reads the environment; pass what it says as an option.',
        },
      ],
    },
  },
  ...Object.keys(imports).map(importRules),
  {
    files: ['cli/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  // Commands print by cli/print.ts.
  { files: ['test/**/*.ts', 'bench/**/*.ts'], rules: { 'no-console': 'off' } },
);
