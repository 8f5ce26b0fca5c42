import type { CommandNode, OptionNode, Values } from './command-tree.ts';

/** Writes the script that zsh reads: `source <(textcraftor completion zsh)`, after compinit. */
export function zshCompletion(nodes: readonly CommandNode[]): string {
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
  const withValues = nodes.flatMap(({ path, options }) => options.flatMap((option) => optionCase(path, option)));
  return `#compdef textcraftor
# Completion of textcraftor for zsh.
_textcraftor() {
  local at='' next i
  local -a commands options
  for ((i = 2; i < CURRENT; i++)); do
    next="\${at:+$at }\${words[i]}"
    case "$next" in
      ${paths.join(' | ')}) at="$next" ;;
    esac
  done
  case "$at:\${words[CURRENT - 1]}" in
${withValues.map((line) => `    ${line}`).join('\n')}
  esac
  case "$at:\${words[CURRENT]}" in
${nodes
  .flatMap(wordCases)
  .map((line) => `    ${line}`)
  .join('\n')}
  esac
}
_textcraftor_runs() {
  local -a runs
  runs=(latest \${TEXTCRAFTOR_HOME:-.textcraftor}/runs/*(N:t))
  compadd -a runs
}
compdef _textcraftor textcraftor
`;
}

const act = (values: Values): string =>
  values === 'runs' ? '_textcraftor_runs' : values === 'files' ? '_files' : `compadd ${values.join(' ')}`;

const optionCase = (path: string, { flags, takes }: OptionNode): string[] =>
  takes === undefined ? [] : [`${flags.map((flag) => `'${path}:${flag}'`).join(' | ')}) ${act(takes)}; return ;;`];

function wordCases({ path, commands, options, takes }: CommandNode): string[] {
  const described = options.flatMap(({ flags, description }) => flags.map((flag) => `'${flag}:${description}'`));
  const named = commands.map(({ name, description }) => `'${name}:${description}'`);
  const words = [
    ...(named.length > 0 ? [`commands=(${named.join(' ')}); _describe command commands`] : []),
    ...(takes === undefined ? [] : [act(takes)]),
  ];
  return [
    `'${path}:-'*) options=(${described.join(' ')}); _describe option options ;;`,
    ...(words.length > 0 ? [`'${path}:'*) ${words.join('; ')} ;;`] : []),
  ];
}
