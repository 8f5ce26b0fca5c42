import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topologicalOrder, withDependencies, withDependents, type GraphNode } from '../../pipeline/graph.ts';
import { lintGraph } from '../../pipeline/lint.ts';

const node = (name: string, ...inputs: string[]): GraphNode => ({ name, inputs });

/** Graphs whose node i reads some of the nodes before it, in random order. */
const graphs = fc.array(fc.array(fc.nat(20), { maxLength: 4 }), { minLength: 1, maxLength: 12 }).chain((choices) => {
  const nodes = choices.map((inputs, i) =>
    node(`s${i}`, ...new Set(i === 0 ? [] : inputs.map((input) => `s${input % i}`))),
  );
  return fc.shuffledSubarray(nodes, { minLength: nodes.length });
});

describe('topologicalOrder', () => {
  it('puts each node after its inputs', () => {
    fc.assert(
      fc.property(graphs, (nodes) => {
        const order = topologicalOrder(nodes).map(({ name }) => name);
        expect(order.toSorted()).toEqual(nodes.map(({ name }) => name).toSorted());
        for (const { name, inputs } of nodes)
          for (const input of inputs) expect(order.indexOf(input)).toBeLessThan(order.indexOf(name));
        expect(lintGraph(nodes)).toEqual([]);
      }),
    );
  });
});

describe('withDependents and withDependencies', () => {
  it('are inverse to each other', () => {
    fc.assert(
      fc.property(graphs, (nodes) => {
        for (const { name } of nodes)
          for (const { name: other } of nodes)
            expect(withDependents(nodes, name).has(other)).toBe(withDependencies(nodes, other).has(name));
      }),
    );
  });
});

describe('lintGraph', () => {
  it('names the stages of a cycle in their order', () => {
    const nodes = [node('start'), node('a', 'c', 'start'), node('b', 'a'), node('c', 'b'), node('after', 'c')];
    expect(lintGraph(nodes)).toEqual(['Stages wait for each other in a cycle: a -> c -> b -> a.']);
    expect(lintGraph([node('alone', 'alone')])).toEqual(['Stages wait for each other in a cycle: alone -> alone.']);
  });

  it('finds any cycle', () => {
    fc.assert(
      fc.property(graphs, fc.nat(), (nodes, pick) => {
        const order = topologicalOrder(nodes);
        const first = order[0]!;
        const dependents = [...withDependents(nodes, first.name)];
        const closed = nodes.map((each) =>
          each === first ? node(first.name, dependents[pick % dependents.length]!) : each,
        );
        expect(lintGraph(closed)[0]).toContain('in a cycle');
      }),
    );
  });

  it('names an unknown input with the nearest stage', () => {
    expect(lintGraph([node('filter'), node('shard', 'fliter')])).toEqual([
      'Stage "shard" reads "fliter", which is not a stage; did you mean "filter"?',
    ]);
  });

  it('finds names given twice, inputs given twice and names that are not words', () => {
    expect(lintGraph([node('a'), node('a'), node('b', 'a', 'a'), node('Not this')])).toEqual([
      'Two stages are named "a".',
      'Stage name "Not this" must be lower-case words joined by hyphens.',
      'Stage "b" reads "a" twice.',
    ]);
  });

  it('finds stages that no result needs', () => {
    const nodes = [node('a'), node('b', 'a'), node('lonely', 'a')];
    expect(lintGraph(nodes, ['b'])).toEqual(['Stage "lonely" is unreachable: no result depends on it.']);
    expect(lintGraph(nodes, ['b', 'lonely'])).toEqual([]);
  });
});
