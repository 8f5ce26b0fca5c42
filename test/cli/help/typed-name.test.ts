import { expect, it } from 'vitest';
import { asTyped, typedName } from '../../../cli/typed-name.ts';

it('is npx textcraftor where npm started it, as a shell would not find its name alone', () => {
  expect(typedName({})).toBe('textcraftor');
  expect(typedName({ npm_command: 'exec', npm_lifecycle_event: 'npx' })).toBe('npx textcraftor');
  expect(typedName({ npm_command: 'run-script', npm_lifecycle_event: 'demo' })).toBe('npx textcraftor');
});

it('is written into commands that are advised, not into paths and messages', () => {
  const npx = { npm_command: 'exec' };
  expect(asTyped('continue with: textcraftor resume a', npx)).toBe('continue with: npx textcraftor resume a');
  expect(asTyped('"textcraftor resume" or `npx textcraftor list`', npx)).toBe(
    '"npx textcraftor resume" or `npx textcraftor list`',
  );
  for (const text of ['textcraftor: no', '/x/textcraftor a', 'TEXTCRAFTOR_HOME', '.textcraftor runs'])
    expect(asTyped(text, npx)).toBe(text);
  expect(asTyped('see: textcraftor list', {})).toBe('see: textcraftor list');
});
