import { CollapseError, type ErrorRecord } from '../../common/errors.ts';

/**
 * Says how a run that has stopped can continue: one whose rewards were gamed would be stopped again with the same settings.
 * @param errors of the run and its stages
 * @example
 * ```ts
 * import { resumeAdvice } from './api/runs/resume-advice.ts';
 *
 * console.log(resumeAdvice('tiny-20261124-101500')); // continue with: textcraftor resume tiny-20261124-101500
 * ```
 */
export function resumeAdvice(id: string, ...errors: readonly (ErrorRecord | undefined)[]): string {
  const command = `textcraftor resume ${id}`;
  if (errors.every((error) => error?.name !== CollapseError.name)) return `continue with: ${command}`;
  return `the same settings would end in the same way; change some with: ${command} --set KEY=VALUE`;
}
