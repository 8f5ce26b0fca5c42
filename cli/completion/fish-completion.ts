import type { CommandNode, OptionNode, Values } from './command-tree.ts';

/** Writes the script that fish reads: `textcraftor completion fish | source`. */
export function fishCompletion(nodes: readonly CommandNode[]): string {
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
  return `# Completion of textcraftor for fish.
function __textcraftor_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$at $word")
    if contains -- $next ${paths.join(' ')}
      set at $next
    end
  end
  test "$at" = "$argv[1]"
end
function __textcraftor_runs
  echo latest
  set -l home .textcraftor
  set -q TEXTCRAFTOR_HOME; and set home $TEXTCRAFTOR_HOME
  command ls $home/runs 2>/dev/null
end
complete -c textcraftor -f
${nodes.flatMap(linesOf).join('\n')}
`;
}

const act = (values: Values): string =>
  values === 'runs' ? `-a '(__textcraftor_runs)'` : values === 'files' ? '-F' : `-a '${values.join(' ')}'`;

function linesOf({ path, commands, options, takes }: CommandNode): string[] {
  const head = `complete -c textcraftor -n '__textcraftor_at "${path}"'`;
  return [
    ...commands.map(({ name, description }) => `${head} -a ${name} -d '${description}'`),
    ...(takes === undefined ? [] : [`${head} ${act(takes)}`]),
    ...options.map((option) => `${head} ${flagsOf(option)} -d '${option.description}'`),
  ];
}

function flagsOf({ flags, takes }: OptionNode): string {
  const forms = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  return [...forms, ...(takes === undefined ? [] : [takes === 'files' ? '-r' : '-x', act(takes)])].join(' ');
}
