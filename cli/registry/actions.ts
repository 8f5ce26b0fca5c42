import { InputError } from '../../common/errors.ts';
import { CHOSEN, EXPORTED } from '../../evaluation/arms/arm-names.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import type { AliasChange } from '../../registry/aliases.ts';
import { versionFolders } from '../../registry/version-folders.ts';
import { onlyName, resolveVersion } from '../../registry/reference.ts';
import { Registry, type Promotion } from '../../registry/versions.ts';
import type { EncoderVersion } from '../../registry/version.ts';

import { formatBytes, formatTable } from '../../common/text/format.ts';

export type VersionList = Record<string, { aliases: Record<string, number>; versions: EncoderVersion[] }>;

/** Reads the versions. @param name undefined for all names */
export async function listVersions(home: Home, name: string | undefined): Promise<VersionList> {
  const registry = new Registry(home);
  const names = await registry.names();
  if (name !== undefined && !names.includes(name))
    throw new InputError(`Nothing is registered as "${name}"; registered: ${names.join(', ') || 'nothing yet'}.`);
  const list: VersionList = {};
  for (const each of name === undefined ? names : [name]) {
    const { current } = await registry.aliases(each);
    list[each] = { aliases: current, versions: await registry.versions(each) };
  }
  return list;
}

export function formatList(list: VersionList): string {
  const rows = Object.entries(list).flatMap(([name, { aliases, versions }]) =>
    versions.map((version) => [
      `${name}@${version.version}`,
      namesOf(aliases, version.version).join(', '),
      ...[CHOSEN, EXPORTED].flatMap((arm) => ['heldOut', 'oracle'].map((metric) => gain(version, arm, metric))),
      `step ${version.encoder.step}, blend ${version.encoder.blend}`,
      version.run,
    ]),
  );
  if (rows.length === 0) return 'Nothing is registered yet; a run of the pipeline registers its encoder.';
  const judged = ['held-out', 'oracle', 'held-out, exported', 'oracle, exported'];
  return formatTable([['version', 'aliases', ...judged, 'encoder', 'run'], ...rows]);
}

function namesOf(aliases: Record<string, number>, version: number): string[] {
  return Object.keys(aliases).filter((alias) => aliases[alias] === version);
}

/** Formats the gain of an arm over the original encoder, with its interval. */
function gain({ comparisons }: EncoderVersion, arm: string, metric: string): string {
  const found = comparisons.find((each) => each.arm === arm && each.metric === metric && each.against === 'base');
  return found ? `${signed(found.mean)} (${signed(found.ci95[0])} to ${signed(found.ci95[1])})` : '';
}

const signed = (value: number): string => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(3)}`;

/** A version with its aliases, its files and the history of its aliases. */
export interface ShownVersion extends EncoderVersion {
  aliases: string[];
  /** The chosen text encoder, in transformers' layout. */
  path: string;
  /** The exported encoder in the same layout; null when there is none. */
  exportedPath: string | null;
  history: AliasChange[];
}

export async function showVersion(home: Home, reference: string): Promise<ShownVersion> {
  const registry = new Registry(home);
  const version = await resolveVersion(registry, reference);
  const { current, history } = await registry.aliases(version.name);
  const own = history.filter(({ from, to }) => from === version.version || to === version.version);
  const { encoder: path, exported: exportedPath = null } = await versionFolders(home, version);
  return { ...version, aliases: namesOf(current, version.version), path, exportedPath, history: own };
}

export function formatVersion(shown: ShownVersion): string {
  const { name, version, aliases, encoder, exported, artifact, run, lineage, comparisons, history } = shown;
  const facts = [
    ['version', `${name}@${version}${aliases.length > 0 ? ` (${aliases.join(', ')})` : ''}`],
    ['registered', `${shown.createdAt.slice(0, 16).replace('T', ' ')} by ${run}`],
    ['encoder', `step ${encoder.step}, blend ${encoder.blend}, sha256 ${encoder.sha256.slice(0, 12)}`],
    [
      'exported',
      exported ? `step ${exported.step}, weight ${exported.weight}, sha256 ${exported.sha256.slice(0, 12)}` : 'nothing',
    ],
    ['files', `${shown.path} (${formatBytes(artifact.bytes)} in all)`],
    ...(shown.exportedPath === null ? [] : [['', shown.exportedPath]]),
    ['model', shown.model ?? 'not known'],
    ['configuration', shown.config.slice(0, 12)],
    [
      'compared with',
      shown.champion === undefined ? 'the original encoder' : `the original encoder and version ${shown.champion}`,
    ],
  ];
  const scores = (own: string) =>
    comparisons
      .filter(({ arm }) => arm === own)
      .map(({ metric, against, mean, ci95: [low, high], n }) => [
        `  ${metric}`,
        `against ${against}`,
        `${signed(mean)} (${signed(low)} to ${signed(high)}, ${n} prompts)`,
      ]);
  const exportedScores = scores(EXPORTED);
  const made = lineage.map(({ stage, artifact, run }) => [`  ${stage}`, artifact.slice(0, 12), `made by ${run}`]);
  const moves = history.map(({ at, kind, alias, from, to, forced }) => [
    `  ${at.slice(0, 16).replace('T', ' ')}`,
    kind,
    `${alias}: ${from ?? 'nothing'} -> ${to}${forced ? ` (forced: ${forced.join(' ')})` : ''}`,
  ]);
  return [
    formatTable(facts.map(([fact, value]) => [fact!, value!])),
    `Scores of the chosen encoder, in the last steps:\n${formatTable(scores(CHOSEN))}`,
    ...(exportedScores.length > 0
      ? [`Scores of the exported encoder, in all steps:\n${formatTable(exportedScores)}`]
      : []),
    `Made of:\n${formatTable(made)}`,
    ...(moves.length > 0 ? [`Aliases:\n${formatTable(moves)}`] : []),
  ].join('\n');
}

export async function promote(
  home: Home,
  reference: string,
  force: boolean,
): Promise<{ promotion: Promotion; text: string }> {
  const registry = new Registry(home);
  const { name, version } = await resolveVersion(registry, reference);
  const promotion = await registry.promote(name, version, force);
  return { promotion, text: describePromotion(name, promotion) };
}

function describePromotion(name: string, { promoted, version, from, refused }: Promotion): string {
  if (!promoted)
    return [`${name}@${version} was not promoted to production:`, ...refused.map((why) => `  ${why}`)].join('\n');
  if (from === version) return `${name}@${version} is already in production.`;
  return [
    `${name}@${version} is in production${from === undefined ? '' : `, in place of ${name}@${from}`}.`,
    ...refused.map((why) => `  Overruled: ${why}`),
  ].join('\n');
}

export async function rollback(home: Home, name: string | undefined): Promise<{ change: AliasChange; text: string }> {
  const registry = new Registry(home);
  const each = name ?? onlyName(await registry.names(), 'production');
  const change = await registry.rollback(each);
  return { change, text: `${each}@${change.to} is in production again, in place of ${each}@${change.from}.` };
}

export async function setAlias(home: Home, alias: string, reference: string) {
  const registry = new Registry(home);
  const { name, version } = await resolveVersion(registry, reference);
  await registry.alias(name, alias, version);
  return { alias, name, version };
}
