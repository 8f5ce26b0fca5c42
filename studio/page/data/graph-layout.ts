import dagre from '@dagrejs/dagre';
import type { GraphNode } from '../../../pipeline/graph.ts';

/** Size of a stage's box. */
export const [BOX_WIDTH, BOX_HEIGHT] = [136, 58] as const;

/** Where a drawing puts the stages and the lines between them. */
export interface GraphLayout {
  width: number;
  height: number;
  /** Centers of the boxes. */
  boxes: { name: string; x: number; y: number }[];
  lines: { from: string; to: string; points: { x: number; y: number }[] }[];
}

/**
 * Leaves out the lines that say nothing new: from an input that another input depends on already. A reader then sees
 * the order of the stages.
 * @returns the inputs of each stage that are left
 */
export function directInputs(graph: readonly GraphNode[]): Map<string, string[]> {
  const inputs = new Map(
    graph.map((node) => [node.name, node.inputs.filter((name) => graph.some((each) => each.name === name))]),
  );
  const above = new Map<string, Set<string>>();
  const ancestors = (name: string): Set<string> => {
    const known = above.get(name);
    if (known) return known;
    const found = new Set<string>();
    above.set(name, found);
    for (const input of inputs.get(name) ?? []) [input, ...ancestors(input)].forEach((each) => found.add(each));
    return found;
  };
  return new Map(
    [...inputs].map(([name, all]) => [
      name,
      all.filter((input) => !all.some((other) => other !== input && ancestors(other).has(input))),
    ]),
  );
}

/** Lays out a run's stages. @param direction LR: from left to right, TB: from top to bottom */
export function layOut(graph: readonly GraphNode[], direction: 'LR' | 'TB'): GraphLayout {
  const drawing = new dagre.graphlib.Graph();
  drawing.setGraph({ rankdir: direction, nodesep: 14, ranksep: 26, marginx: 3, marginy: 3 });
  drawing.setDefaultEdgeLabel(() => ({}));
  for (const { name } of graph) drawing.setNode(name, { width: BOX_WIDTH, height: BOX_HEIGHT });
  for (const [name, inputs] of directInputs(graph)) for (const input of inputs) drawing.setEdge(input, name);
  dagre.layout(drawing);
  const { width = 0, height = 0 } = drawing.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    boxes: drawing.nodes().map((name) => {
      const { x, y } = drawing.node(name) as { x: number; y: number };
      return { name, x, y };
    }),
    lines: drawing.edges().map(({ v, w }) => ({
      from: v,
      to: w,
      points: (drawing.edge(v, w) as { points: { x: number; y: number }[] }).points,
    })),
  };
}
