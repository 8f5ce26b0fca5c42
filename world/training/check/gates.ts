/** A measurement of a world with the bounds between which the world is a fair test. */
export interface Gate {
  name: string;
  value: number;
  low: number;
  high: number;
}

export const holds = ({ value, low, high }: Gate): boolean => value >= low && value <= high;

/** Gates in the order in which they are measured; tells each as it comes. */
export class Gates {
  readonly all: Gate[] = [];
  readonly log: (line: string) => void;

  constructor(log: (line: string) => void) {
    this.log = log;
  }

  add(name: string, value: number, low: number, high = 1): void {
    const gate = { name, value, low, high };
    this.all.push(gate);
    this.log(`${holds(gate) ? 'ok  ' : 'FAIL'} ${name}: ${value.toFixed(3)} (${low} to ${high})`);
  }
}
