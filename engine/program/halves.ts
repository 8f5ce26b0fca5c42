/**
 * Splits an entry point into two halves: what its early inputs determine, and what waits for its late inputs (the
 * gradient of its result). Only what the second half needs of the first is kept between them, so nothing large is
 * computed twice.
 */
import { product } from '../../common/product.ts';
import { shapeValue, typesValue, typeValue, type NodeDefinition, type StoredType } from './graph-definition.ts';
import { isHalf } from '../mixed-precision.ts';
import type { NodeOutput } from './shape-inference.ts';

export interface Halves {
  /** The outputs that do not depend on a late input. */
  early: string[];
  /** References that the first half passes to the second: node outputs, and early inputs. */
  kept: string[];
  /** Bytes kept, not counting early inputs. */
  keptBytes: number;
  /**
   * Nodes to add: one that keeps, and the second half, whose nodes have the names of the whole after {@link SECOND}.
   */
  nodes: NodeDefinition[];
}

/** Names, after the entry point's, of the ticket that identifies the kept tensors, and of the node that keeps them. */
export const TICKET = 'ticket';
export const KEEP = 'keep';
/** Follows the entry point's name in the name of a node of the second half. */
export const SECOND = 'second';

/** Operations that cost nothing to repeat: values of variables and constants, and reshapes. */
const FREE = new Set(['ReadVariableOp', 'Const', 'Reshape', 'Identity']);

/**
 * @param entry the entry point's name, with which its nodes' names begin
 * @param nodes the entry point's nodes
 * @param late names of the placeholders of the late inputs
 * @param outputs references by output name
 * @param done the node that waits for all assignments
 * @param tensors shape and type of each reference
 */
export function split(
  entry: string,
  nodes: readonly NodeDefinition[],
  late: ReadonlySet<string>,
  outputs: ReadonlyMap<string, string>,
  done: string,
  tensors: ReadonlyMap<string, NodeOutput>,
): Halves {
  const roots = new Set([...outputs.values(), done]);
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const dependent = new Set(late);
  // Nodes are recorded after their inputs.
  for (const { name, input } of nodes)
    if (input.some((reference) => dependent.has(nodeOf(reference)))) dependent.add(name);
  // Forward values that a gradient recomputes come after the gradient's first node, and belong to it.
  const first = nodes.findIndex(({ name }) => dependent.has(name) && !late.has(name));
  const results = new Set([...outputs.values()].filter((reference) => !dependent.has(reference)));
  const waits = new Set(
    nodes
      .slice(first)
      .flatMap(({ name }) => (results.has(name) ? [] : [name]))
      .concat([...late]),
  );

  // A gradient by a frozen weight is recorded too, but never used.
  const wanted = new Set<string>();
  for (const { name, input } of nodes.toReversed())
    if (wanted.has(name) || roots.has(name)) for (const reference of [name, ...input]) wanted.add(nodeOf(reference));

  const found = new Set<string>();
  // Activations are kept in 16 bits, and parameters not at all.
  const isFreeCast = ({ op, input }: NodeDefinition): boolean =>
    op === 'Cast' && (isHalf(tensors.get(input[0]!)?.dtype) || byName.get(input[0]!)?.op === 'ReadVariableOp');
  const keep = (reference: string): void => {
    const node = byName.get(nodeOf(reference));
    if (!node || waits.has(node.name) || node.op === 'VarHandleOp') return;
    if (FREE.has(node.op) || isFreeCast(node)) node.input.forEach(keep);
    else found.add(reference);
  };
  for (const { name, input } of nodes) if (waits.has(name) && wanted.has(name)) input.forEach(keep);

  const kept = [...found];
  const isInput = (reference: string) => byName.get(reference)?.op === 'Placeholder';
  const bytes = kept.filter((reference) => !isInput(reference)).map((reference) => sizeOf(tensors.get(reference)!));
  const isSecond = (node: NodeDefinition) => waits.has(node.name) && wanted.has(node.name);
  const types = kept.map((reference) => tensors.get(reference)!.dtype);
  return {
    early: [...outputs].flatMap(([name, reference]) => (results.has(reference) ? [name] : [])),
    kept,
    keptBytes: bytes.reduce((a, b) => a + b, 0),
    nodes: [...keepNodes(entry, kept, types), ...secondHalf(entry, byName, nodes.filter(isSecond), kept)],
  };
}

/** Nodes that keep the first half's results, and that return them to the second (`engine/kernels/keep.cc`). */
function keepNodes(entry: string, kept: readonly string[], types: readonly StoredType[]): NodeDefinition[] {
  const ticket = `${entry}/${TICKET}`;
  const attr = { T: typesValue(types) };
  return [
    {
      name: ticket,
      op: 'Placeholder',
      input: [],
      attr: { dtype: typeValue('int32'), shape: { shape: shapeValue([]) } },
    },
    { name: `${entry}/${KEEP}`, op: 'TextCraftor>Keep', input: [ticket, ...kept], attr },
    { name: keptIn(entry), op: 'TextCraftor>Kept', input: [ticket], attr },
  ];
}
const keptIn = (entry: string) => `${entry}/${SECOND}/kept`;

/** Copies `nodes`, and what they repeat, so that they read what was kept. */
function secondHalf(
  entry: string,
  byName: ReadonlyMap<string, NodeDefinition>,
  nodes: readonly NodeDefinition[],
  kept: readonly string[],
): NodeDefinition[] {
  const copies = new Map<string, NodeDefinition>();
  const rename = (name: string) => `${entry}/${SECOND}${name.slice(entry.length)}`;
  const outputs = new Map(kept.map((reference, i) => [reference, i === 0 ? keptIn(entry) : `${keptIn(entry)}:${i}`]));
  const read = (reference: string): string => {
    const name = nodeOf(reference);
    const node = byName.get(name);
    if (node && !copies.has(name) && !outputs.has(reference)) {
      const input = node.input.map(read);
      if (String(input) !== String(node.input)) copies.set(name, { ...node, name: rename(name), input });
    }
    return outputs.get(reference) ?? (copies.has(name) ? reference.replace(name, rename(name)) : reference);
  };
  // Nodes are recorded after their inputs, and all of these are copied, late inputs too.
  for (const node of nodes) copies.set(node.name, { ...node, name: rename(node.name), input: node.input.map(read) });
  return [...copies.values()];
}

/** The node of `node`, `node:output` or `^node`. */
const nodeOf = (reference: string): string => reference.replace(/^\^|:\d+$/g, '');

const sizeOf = ({ shape, dtype }: NodeOutput): number =>
  product(shape) * (dtype === 'bool' ? 1 : isHalf(dtype) ? 2 : 4);
