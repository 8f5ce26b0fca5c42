/**
 * Returns how this program is called where it was started: by npm or npx, its name alone is usually not found by a shell.
 */
export const typedName = (environment: NodeJS.ProcessEnv = process.env): string =>
  environment['npm_command'] === undefined && environment['npm_lifecycle_event'] === undefined
    ? 'textcraftor'
    : 'npx textcraftor';

/** A command in a sentence: the name and a word. */
const command = /(?<![\w/.-])(?<!npx )textcraftor (?=[a-z])/g;

/** Writes the commands in a text for people such that they work where this one was typed. */
export const asTyped = (text: string, environment?: NodeJS.ProcessEnv): string =>
  text.replace(command, `${typedName(environment)} `);
