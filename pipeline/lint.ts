import { nearest } from '../common/text/nearest.ts';
import { topologicalOrder, withDependencies, type GraphNode } from './graph.ts';

/** Lists the faults in the shape of a pipeline, one sentence each; empty when it can run. */
export function lintGraph(nodes: readonly GraphNode[], results: readonly string[] = []): string[] {
  const names = nodes.map((node) => node.name);
  const known = new Set(names);
  const unknown = (name: string): string => {
    const guess = nearest(name, names);
    return guess === undefined ? 'there are no stages' : `did you mean "${guess}"?`;
  };
  const problems: string[] = [];
  for (const [i, name] of names.entries()) {
    if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
      problems.push(`Stage name "${name}" must be lower-case words joined by hyphens.`);
    if (names.indexOf(name) !== i) problems.push(`Two stages are named "${name}".`);
  }
  for (const { name, inputs } of nodes) {
    for (const [i, input] of inputs.entries()) {
      if (!known.has(input)) problems.push(`Stage "${name}" reads "${input}", which is not a stage; ${unknown(input)}`);
      else if (inputs.indexOf(input) !== i) problems.push(`Stage "${name}" reads "${input}" twice.`);
    }
  }
  for (const result of results)
    if (!known.has(result)) problems.push(`The result "${result}" is not a stage; ${unknown(result)}`);
  if (problems.length > 0) return problems;

  const ordered = new Set(topologicalOrder(nodes).map((node) => node.name));
  const unordered = nodes.filter((node) => !ordered.has(node.name));
  if (unordered.length > 0) return [`Stages wait for each other in a cycle: ${findCycle(unordered).join(' -> ')}.`];

  const needed = new Set(results.flatMap((result) => [...withDependencies(nodes, result)]));
  return results.length === 0
    ? []
    : names
        .filter((name) => !needed.has(name))
        .map((name) => `Stage "${name}" is unreachable: no result depends on it.`);
}

/** Finds a cycle among nodes that are on one or depend on one: names in reading order, first = last. */
function findCycle(nodes: readonly GraphNode[]): string[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const path: string[] = [];
  let name = nodes[0]!.name;
  while (!path.includes(name)) {
    path.push(name);
    name = byName.get(name)!.inputs.find((input) => byName.has(input))!;
  }
  return [...path.slice(path.indexOf(name)), name];
}
