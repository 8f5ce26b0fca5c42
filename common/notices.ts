type Listener = (line: string) => void;

let listener: Listener | undefined;
const said = new Set<string>();

/** Who hears of what was put right without being asked: the command line, which prints it. */
export function onNotice(listen: Listener | undefined): void {
  listener = listen;
  said.clear();
}

/** Says in one sentence what was found damaged, and what was done about it. Once, however often it is found. */
export function notice(line: string): void {
  if (!listener || said.has(line)) return;
  said.add(line);
  listener(line);
}
