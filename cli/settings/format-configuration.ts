import { Document, isMap, isScalar, isSeq, type Node } from 'yaml';
import { isPlainList, type ShownConfiguration } from '../../api/settings/show-configuration.ts';

/** Formats a configuration as YAML that `run` takes, with a mark behind each value that is not a default. */
export function formatConfiguration({ file, settings, from }: ShownConfiguration): string {
  const document = new Document(settings, { aliasDuplicateObjects: false });
  mark(document.contents as Node, [], from);
  const marks = Object.values(from);
  const legend = [
    `# ${file}, with defaults.`,
    ...(marks.includes('file') ? ['# "file": the value is from the file.'] : []),
    ...(marks.includes('set') ? ['# "set": the value is from the command line.'] : []),
    '# All other values are defaults.',
  ];
  return `${legend.join('\n')}\n${document.toString({ lineWidth: 0 }).trimEnd()}`;
}

function mark(node: Node, path: readonly string[], from: ShownConfiguration['from']): void {
  const origin = from[path.join('.')];
  if (isSeq(node) && isPlainList(node.toJSON())) node.flow = true;
  if (isScalar(node) || (isSeq(node) && node.flow)) {
    if (origin !== undefined) node.comment = ` ${origin}`;
  } else if (isSeq(node)) node.items.forEach((item, i) => mark(item as Node, [...path, `${i}`], from));
  else if (isMap(node))
    for (const { key, value } of node.items)
      if (value !== null) mark(value as Node, [...path, String((key as { value: unknown }).value)], from);
}
