type Listener = (line: string) => void;

let listener: Listener | undefined;
const said = new Set<string>();

/** Sets the listener for what is done though nobody asked for it: the command line, which prints it. */
export function onNotice(listen: Listener | undefined): void {
  listener = listen;
  said.clear();
}

/** Reports in one sentence what was found and what was done about it. Once, however often it is found. */
export function notice(line: string): void {
  if (!listener || said.has(line)) return;
  said.add(line);
  listener(line);
}
