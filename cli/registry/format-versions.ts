import type { ShownVersion, VersionList } from '../../api/registry/registered-versions.ts';
import { formatBytes, formatTable } from '../../common/text/format.ts';
import { CHOSEN, EXPORTED } from '../../evaluation/arms/arm-names.ts';
import { aliasesOf } from '../../registry/aliases.ts';
import type { EncoderVersion } from '../../registry/version.ts';
import type { Promotion } from '../../registry/versions.ts';

export function formatList(list: VersionList): string {
  const rows = Object.entries(list).flatMap(([name, { aliases, versions }]) =>
    versions.map((version) => [
      `${name}@${version.version}`,
      aliasesOf(aliases, version.version).join(', '),
      ...[CHOSEN, EXPORTED].flatMap((arm) => ['heldOut', 'oracle'].map((metric) => gain(version, arm, metric))),
      `step ${version.encoder.step}, blend ${version.encoder.blend}`,
      version.run,
    ]),
  );
  if (rows.length === 0) return 'Nothing is registered yet; a run of the pipeline registers its encoder.';
  const judged = ['held-out', 'oracle', 'held-out, exported', 'oracle, exported'];
  return formatTable([['version', 'aliases', ...judged, 'encoder', 'run'], ...rows]);
}

/** Formats the gain of an arm over the original encoder, with its interval. */
function gain({ comparisons }: EncoderVersion, arm: string, metric: string): string {
  const found = comparisons.find((each) => each.arm === arm && each.metric === metric && each.against === 'base');
  return found ? `${signed(found.mean)} (${signed(found.ci95[0])} to ${signed(found.ci95[1])})` : '';
}

const signed = (value: number): string => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(3)}`;

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

export function formatPromotion({ name, promoted, version, from, refused }: Promotion & { name: string }): string {
  if (!promoted)
    return [`${name}@${version} was not promoted to production:`, ...refused.map((why) => `  ${why}`)].join('\n');
  if (from === version) return `${name}@${version} is already in production.`;
  return [
    `${name}@${version} is in production${from === undefined ? '' : `, in place of ${name}@${from}`}.`,
    ...refused.map((why) => `  Overruled: ${why}`),
  ].join('\n');
}
