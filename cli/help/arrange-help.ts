import type { Command, Help } from 'commander';
import { bold } from '../color.ts';
import { asTyped } from '../typed-name.ts';
import { commandGroups, examples } from './examples.ts';

/**
 * Arranges the help: commands in groups with an example each, and an example at the end of each command's own. Titles are
 * bold where the output is a terminal that takes it.
 * @param program with the commands that it has by now
 */
export function arrangeHelp(program: Command): void {
  program.commandsGroup(commandGroups.at(-1)!.heading).helpCommand('help [command]', 'display help for command');
  for (const command of program.commands) {
    const group = commandGroups.find(({ commands }) => commands.includes(command.name()));
    if (group) command.helpGroup(group.heading);
    addExamples(command, command.name());
  }
}

function addExamples(command: Command, path: string): void {
  const example = examples[path];
  if (example !== undefined) command.addHelpText('after', `\nExample:\n  ${asTyped(example)}`);
  for (const each of command.commands) addExamples(each, `${path} ${each.name()}`);
}

/** How commander forms the help; to be set before the commands are added, which inherit it. */
export const helpForm: Partial<Help> = {
  styleTitle: bold,
  subcommandTerm: (command) =>
    [
      command.name(),
      ...command.registeredArguments.map((each) => (each.required ? `<${each.name()}>` : `[${each.name()}]`)),
    ].join(' '),
  formatItemList(this: Help, heading, items, helper) {
    if (items.length === 0) return [];
    const group = commandGroups.find((each) => each.heading === heading);
    return [helper.styleTitle(heading), ...items, ...(group ? [`  example: ${asTyped(group.example)}`] : []), ''];
  },
};
