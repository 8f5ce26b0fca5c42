import { formatBytes, formatSeconds } from '../../common/text/format.ts';
import type { Lineage } from '../../pipeline/store/lineage.ts';

/** Formats a tree, the artifact first; repeated artifacts are printed once. */
export function formatLineage(lineage: Lineage): string {
  const seen = new Set<string>();
  const lines: string[] = [];
  const visit = ({ result, inputs }: Lineage, depth: number): void => {
    const { artifact, parts, run, seconds, key, createdAt } = result;
    const indent = '  '.repeat(depth);
    const again = seen.has(key);
    lines.push(
      `${indent}${parts.stage}  ${artifact.sha256.slice(0, 12)}  ${formatBytes(artifact.bytes)}${again ? '  (above)' : ''}`,
    );
    if (again) return;
    seen.add(key);
    lines.push(`${indent}  made by ${run}, ${createdAt.slice(0, 16).replace('T', ' ')}, in ${formatSeconds(seconds)}`);
    lines.push(`${indent}  key ${key.slice(0, 12)}, code ${parts.code.sha256.slice(0, 12)}, seed ${parts.seed}`);
    lines.push(`${indent}  config ${JSON.stringify(parts.config)}`);
    for (const input of inputs) visit(input, depth + 1);
  };
  visit(lineage, 0);
  return lines.join('\n');
}
