import type { Batch, Field } from './arrow-messages.ts';

/** Numbers of types in Arrow's Schema.fbs. */
const NULL = 1;
const UNION = 14;
const RUN_END_ENCODED = 22;
/** How many buffers a node of each type has, its validity bitmap included. */
const bufferCounts: Readonly<Record<number, number>> = {
  [NULL]: 0,
  ...Object.fromEntries([2, 3, 6, 7, 8, 9, 10, 11, 15, 18].map((fixedWidth) => [fixedWidth, 2])),
  ...Object.fromEntries([4, 5, 19, 20].map((texts) => [texts, 3])),
  ...Object.fromEntries([12, 17, 21].map((lists) => [lists, 2])),
  ...Object.fromEntries([13, 16].map((structs) => [structs, 1])),
  [RUN_END_ENCODED]: 0,
  ...Object.fromEntries([23, 24].map((views) => [views, 2])),
  ...Object.fromEntries([25, 26].map((listViews) => [listViews, 3])),
};
const isView = (type: number): boolean => type === 23 || type === 24;
/** Before this version of the metadata, unions had a bitmap. */
const V5 = 4;

/** A node of a batch: a column, or a part of one. */
interface Node {
  field: Field;
  rows: number;
  nulls: number;
  /** Offset and length of the validity bitmap, of types that have one. */
  validity: readonly [offset: number, length: number] | undefined;
}

/**
 * Assigns a batch's nodes and buffers to the fields of its schema, which is also a check of the fields' types.
 * @throws Error when there are too few or too many
 */
export function nodesOf({ nodes, buffers, views, version }: Batch, fields: readonly Field[]): Node[] {
  const found: Node[] = [];
  let [buffer, view] = [0, 0];
  const visit = (field: Field): void => {
    const [rows, nulls] = nodes.slice(2 * found.length, 2 * found.length + 2);
    if (rows === undefined || nulls === undefined) throw new Error('a batch with fewer columns than its schema');
    const type = field.encoded ? 2 : field.type;
    const own = type === UNION ? 1 + Number(field.dense) + Number(version < V5) : bufferCounts[type];
    if (own === undefined) throw new Error(`the column "${field.name}" is of the unknown type ${type}`);
    const bitmap = type === UNION ? version < V5 : own > 0;
    const validity = bitmap ? ([buffers[2 * buffer] ?? 0, buffers[2 * buffer + 1] ?? 0] as const) : undefined;
    found.push({ field, rows, nulls, validity });
    buffer += own;
    if (isView(type)) buffer += views[view++] ?? 0;
    if (!field.encoded) field.children.forEach(visit);
  };
  fields.forEach(visit);
  if (2 * found.length !== nodes.length) throw new Error('a batch with more columns than its schema');
  if (2 * buffer !== buffers.length)
    throw new Error(`a batch of ${buffers.length / 2} buffers, where the types of its schema have ${buffer}`);
  return found;
}
