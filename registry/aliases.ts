/** A move of an alias. */
export interface AliasChange {
  /** ISO 8601. */
  at: string;
  kind: 'register' | 'promote' | 'rollback' | 'alias';
  alias: string;
  /** Previous version; undefined if the alias is new. */
  from?: number | undefined;
  to: number;
  /** Bounds of the gate that were overruled. */
  forced?: string[] | undefined;
}

/** aliases.json: where the aliases point, and their history. */
export interface Aliases {
  current: Record<string, number>;
  history: AliasChange[];
}

/** The newest version. */
export const candidate = 'candidate';
/** The version in use; moves only by promotion and rollback. */
export const production = 'production';

/** Lists the aliases that point at a version. */
export function aliasesOf(aliases: Aliases['current'], version: number): string[] {
  return Object.keys(aliases).filter((alias) => aliases[alias] === version);
}

export function moved(aliases: Aliases, change: Omit<AliasChange, 'at' | 'from'>): Aliases {
  const { [change.alias]: from } = aliases.current;
  return {
    current: { ...aliases.current, [change.alias]: change.to },
    history: [...aliases.history, { at: new Date().toISOString(), ...change, ...(from === undefined ? {} : { from }) }],
  };
}

/** Returns the version in production before the current one, ignoring versions that were rolled back. */
export function previousProduction({ history }: Aliases): number | undefined {
  const stack: number[] = [];
  for (const { kind, alias, to } of history) {
    if (alias !== production) continue;
    if (kind === 'rollback') stack.pop();
    else stack.push(to);
  }
  return stack.at(-2);
}
