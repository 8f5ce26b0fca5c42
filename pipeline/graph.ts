/** The shape of a pipeline without its code. Pure: workflows use it too. */
export interface GraphNode {
  readonly name: string;
  readonly inputs: readonly string[];
}

/** Sorts the nodes so that each follows its inputs; ties keep the given order. Nodes on a cycle are left out. */
export function topologicalOrder<Node extends GraphNode>(nodes: readonly Node[]): Node[] {
  const order: Node[] = [];
  const placed = new Set<string>();
  let waiting = [...nodes];
  while (waiting.length > 0) {
    const ready = waiting.filter((node) => node.inputs.every((input) => placed.has(input)));
    if (ready.length === 0) break;
    for (const node of ready) placed.add(node.name);
    order.push(...ready);
    waiting = waiting.filter((node) => !placed.has(node.name));
  }
  return order;
}

/** Returns `name` and every node that depends on it, directly or not. */
export function withDependents(nodes: readonly GraphNode[], name: string): Set<string> {
  const found = new Set([name]);
  for (const node of topologicalOrder(nodes)) if (node.inputs.some((input) => found.has(input))) found.add(node.name);
  return found;
}

/** Returns `name` and everything that it depends on, directly or not. */
export function withDependencies(nodes: readonly GraphNode[], name: string): Set<string> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const found = new Set<string>();
  const visit = (current: string): void => {
    if (found.has(current)) return;
    found.add(current);
    for (const input of byName.get(current)?.inputs ?? []) visit(input);
  };
  visit(name);
  return found;
}
