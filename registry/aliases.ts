/** A move of an alias. */
export interface AliasChange {
  /** ISO 8601. */
  at: string;
  kind: 'register' | 'promote' | 'rollback' | 'alias';
  alias: string;
  /** Undefined: it did not exist. */
  from?: number | undefined;
  to: number;
  /** Why it moved though the gate says no. */
  forced?: string[] | undefined;
}

/** aliases.json: where the aliases point, and how they came there. */
export interface Aliases {
  current: Record<string, number>;
  history: AliasChange[];
}

/** The newest version. */
export const candidate = 'candidate';
/** The version in use: it moves by promotion and roll-back only. */
export const production = 'production';

export function moved(aliases: Aliases, change: Omit<AliasChange, 'at' | 'from'>): Aliases {
  const { [change.alias]: from } = aliases.current;
  return {
    current: { ...aliases.current, [change.alias]: change.to },
    history: [...aliases.history, { at: new Date().toISOString(), ...change, ...(from === undefined ? {} : { from }) }],
  };
}

/** The version that was in production before the present one; one that was rolled back is not. */
export function previousProduction({ history }: Aliases): number | undefined {
  const stack: number[] = [];
  for (const { kind, alias, to } of history) {
    if (alias !== production) continue;
    if (kind === 'rollback') stack.pop();
    else stack.push(to);
  }
  return stack.at(-2);
}
