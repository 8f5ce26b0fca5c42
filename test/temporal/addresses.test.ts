import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../common/errors.ts';
import { parseAddress } from '../../temporal/server/server-address.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';
import { Command } from '../cli/command.ts';

describe('the address of a Temporal server', () => {
  it.each([
    ['127.0.0.1:7233', { host: '127.0.0.1', port: 7233 }],
    ['temporal', { host: 'temporal', port: 7233 }],
    ['my-space.tmprl.cloud:443', { host: 'my-space.tmprl.cloud', port: 443 }],
    ['[::1]:7000', { host: '::1', port: 7000 }],
  ])('%s', (text, expected) => expect(parseAddress(text, 'X')).toEqual(expected));

  it.each(['http://x y', 'http://x:1', 'x y', 'x:', ':7233', 'x:0', 'x:65536', '::1', 'x:7233/path', 'a\nb', 'x:1e3'])(
    'is refused: %j',
    (text) => {
      expect(() => parseAddress(text, 'TEMPORAL_ADDRESS')).toThrow(InputError);
      expect(() => parseAddress(text, 'TEMPORAL_ADDRESS')).toThrow(/^TEMPORAL_ADDRESS is ".*"; expected HOST:PORT/);
    },
  );

  it('is accepted, or refused in a sentence', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          const { port } = parseAddress(text, 'X');
          expect(port).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
    );
  });
});

describe('a command with an invalid environment', () => {
  const diamond = ['--pipeline', 'test/fixtures/pipelines/diamond.ts', 'test/fixtures/pipelines/diamond.yaml'];
  it.each([
    ['run', { TEMPORAL_ADDRESS: 'http://x y' }, 2, /^textcraftor: TEMPORAL_ADDRESS is "http:\/\/x y"; expected/],
    ['worker', { TEMPORAL_ADDRESS: 'a:b:c' }, 2, /^textcraftor: TEMPORAL_ADDRESS is "a:b:c"; expected/],
    ['run', { TEMPORAL_ADDRESS: '127.0.0.1:1' }, 1, /^textcraftor: No Temporal server answers at 127\.0\.0\.1:1: /],
    [
      'run',
      { TEXTCRAFTOR_HOME: '/proc/home' },
      2,
      /^textcraftor: The folder \/proc\/home.* cannot be created: \/proc does not accept/,
    ],
    ['worker', { TEXTCRAFTOR_HOME: '/proc/home' }, 2, /^textcraftor: The folder \/proc\/home.* cannot be created/],
    ['plan', { TEXTCRAFTOR_HOME: '/proc/a/b' }, 2, /^textcraftor: The folder \/proc\/a.* cannot be created/],
  ])('%s says so in a sentence and ends (%#)', async (command, environment, exit, message) => {
    const home = await temporaryFolder();
    const args = command === 'worker' ? [] : diamond;
    const { code, stderr } = await new Command(home, [command, ...args], environment).ended;
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(code).toBe(exit);
  });
});
