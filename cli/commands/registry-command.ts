import type { Command } from 'commander';
import { answer } from '../print.ts';

interface Json {
  json?: true;
}

const reference = 'NAME@NUMBER or NAME@ALIAS; if only one name is registered, the number or alias alone';

const load = async () => {
  const { projectHome } = await import('../project-home.ts');
  return {
    ...(await import('../../api/registry/registered-versions.ts')),
    ...(await import('../../api/registry/move-aliases.ts')),
    ...(await import('../registry/format-versions.ts')),
    home: projectHome(),
  };
};

/** Adds `textcraftor registry`. */
export function register(program: Command): void {
  const registry = program
    .command('registry')
    .description('manage tuned encoders by name and number, and which one is in production');
  addList(registry);
  addShow(registry);
  addPromote(registry);
  addRollback(registry);
  addAlias(registry);
}

function addList(registry: Command): void {
  registry
    .command('list')
    .description('list the versions, the newest last')
    .argument('[name]', 'only versions of this name')
    .option('--json', 'print one JSON object: {NAME: {aliases, versions: [...]}}')
    .action(async (name: string | undefined, { json }: Json) => {
      const { home, listVersions, formatList } = await load();
      const list = await listVersions(home, name);
      answer(json, list, formatList(list));
    });
}

function addShow(registry: Command): void {
  registry
    .command('show')
    .description('show the origin, results and files of a version')
    .argument('<version>', reference)
    .option('--json', 'print one JSON object')
    .action(async (version: string, { json }: Json) => {
      const { home, showVersion, formatVersion } = await load();
      const shown = await showVersion(home, version);
      answer(json, shown, formatVersion(shown));
    });
}

function addPromote(registry: Command): void {
  registry
    .command('promote')
    .description('promote a version to production, if it passes its gate')
    .argument('<version>', reference)
    .option('--force', 'promote it even if the gate refuses it')
    .option('--json', 'print one JSON object: {promoted, version, from?, refused: [...]}')
    .action(async (version: string, { force, json }: Json & { force?: true }) => {
      const { home, promoteVersion, formatPromotion } = await load();
      const { name, ...promotion } = await promoteVersion(home, version, { force });
      answer(json, promotion, formatPromotion({ name, ...promotion }));
      if (!promotion.promoted) process.exitCode = 1;
    });
}

function addRollback(registry: Command): void {
  registry
    .command('rollback')
    .description('return the previous version to production')
    .argument('[name]', 'the name, if several are registered')
    .option('--json', 'print one JSON object: {at, kind, alias, from, to}')
    .action(async (name: string | undefined, { json }: Json) => {
      const { home, rollBack } = await load();
      const { name: of, ...change } = await rollBack(home, name);
      const line = `${of}@${change.to} is in production again, in place of ${of}@${change.from}.`;
      answer(json, change, line);
    });
}

function addAlias(registry: Command): void {
  registry
    .command('alias')
    .description('point your own alias at a version')
    .argument('<alias>', 'a word of lower-case letters, digits and hyphens')
    .argument('<version>', reference)
    .option('--json', 'print one JSON object: {alias, name, version}')
    .action(async (alias: string, version: string, { json }: Json) => {
      const { home, setAlias } = await load();
      const set = await setAlias(home, alias, version);
      answer(json, set, `${set.name}@${alias} is version ${set.version}.`);
    });
}
