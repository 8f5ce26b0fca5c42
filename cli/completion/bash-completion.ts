import type { CommandNode, OptionNode, Values } from './command-tree.ts';

/** Writes the script that bash reads: `eval "$(textcraftor completion bash)"`. */
export function bashCompletion(nodes: readonly CommandNode[]): string {
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
  const withValues = nodes.flatMap(({ path, options }) => options.flatMap((option) => optionCase(path, option)));
  return `# Completion of textcraftor for bash.
_textcraftor() {
  local current=\${COMP_WORDS[COMP_CWORD]} path='' words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${path:+$path }\${COMP_WORDS[i]}" in
      ${paths.join(' | ')}) path="\${path:+$path }\${COMP_WORDS[i]}" ;;
    esac
  done
  COMPREPLY=()
  case "$path:\${COMP_WORDS[COMP_CWORD - 1]}" in
${withValues.map((line) => `    ${line}`).join('\n')}
    *)
      case "$path:$current" in
${nodes
  .flatMap(wordCases)
  .map((line) => `        ${line}`)
  .join('\n')}
      esac
      ;;
  esac
  [ -n "$words" ] && COMPREPLY=($(compgen -W "$words" -- "$current"))
  return 0
}
_textcraftor_runs() {
  echo latest
  ls "\${TEXTCRAFTOR_HOME:-.textcraftor}/runs" 2>/dev/null
}
complete -o default -F _textcraftor textcraftor
`;
}

/** Words that are completed; none leaves it to bash, which completes files. */
const wordsOf = (values: Values): string =>
  values === 'runs' ? '$(_textcraftor_runs)' : values === 'files' ? '' : values.join(' ');

const optionCase = (path: string, { flags, takes }: OptionNode): string[] =>
  takes === undefined ? [] : [`${flags.map((flag) => `'${path}:${flag}'`).join(' | ')}) words="${wordsOf(takes)}" ;;`];

function wordCases({ path, commands, options, takes }: CommandNode): string[] {
  const flags = options.flatMap((option) => option.flags).join(' ');
  const names = commands.map(({ name }) => name).join(' ');
  const words = [names, takes === undefined ? '' : wordsOf(takes)].filter((each) => each !== '').join(' ');
  return [`'${path}:-'*) words="${flags}" ;;`, `'${path}:'*) words="${words}" ;;`];
}
