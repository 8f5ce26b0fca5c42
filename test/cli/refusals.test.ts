import { spawn } from 'node:child_process';
import { once, type EventEmitter } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../setup/temporary-folder.ts';
import { startHub } from '../fixtures/hub-server.ts';
import { Command as Program } from 'commander';
import { registerCommands } from '../../cli/commands/register-commands.ts';
import { collect, refuseRepeats } from '../../cli/values.ts';
import { Command, textcraftor } from './command.ts';

describe('the command line', () => {
  it.each([
    ['rewards.clip.type=nonsense', '"rewards.0.type" is wrong: expected one of "clip-similarity"'],
    ['__proto__.x=1', '"__proto__" cannot be a key'],
    ['rewards.clip.model=none', 'Cannot read'],
    ['sampler.steps=5000', 'sampler.steps: 5000 sampling steps are not possible'],
    ['notify=[{command: [none-such]}]', 'notify.0.command: no program none-such is on the PATH'],
  ])('refuses --set %s in a sentence, and leaves nothing behind', async (setting, message) => {
    const home = join(await temporaryFolder(), 'home');
    for (const command of ['plan', 'run']) {
      const { code, stderr, stdout } = await textcraftor(home, command, '--set', setting);
      expect(stderr).toContain(message);
      expect(stderr).not.toContain('unexpected');
      expect(stderr.trimEnd()).not.toContain('\n');
      expect([code, stdout]).toEqual([2, '']);
      expect(await readdir(join(home, 'runs')).catch(() => [])).toEqual([]);
    }
  });

  it('says what is wrong with a home', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    for (const [home, code] of [
      [file, 2],
      [join(file, 'below'), 2],
      ['/proc/textcraftor', 2],
      ['/sys/textcraftor', 1],
    ] as const) {
      const ended = await textcraftor(home, 'plan');
      expect(ended.stderr).toMatch(/^textcraftor: .*(is a file|cannot be (created|opened)).*\n$/);
      expect(ended.code, home).toBe(code);
    }
  });

  it('refuses empty arguments and options, as an unset variable leaves them', async () => {
    const home = await temporaryFolder();
    const out = join(home, 'out');
    for (const [args, name] of [
      [['plan', ''], 'The argument config'],
      [['plan', '--prompts', ''], 'The option --prompts'],
      [['status', ''], 'The argument run'],
      [['export', 'latest', '--out', ''], 'The option --out'],
      [['generate', '--model', '', '--prompt', 'a', '--out', out], 'The option --model'],
      [['generate', '--model', 'm', '--lora', '', '--prompt', 'a', '--out', out], 'The option --lora'],
      [['schedule', 'create', 'a', '--config', '', '--every', '1m'], 'The option --config'],
      [['registry', 'alias', 'blue', ''], 'The argument version'],
    ] as const) {
      const { code, stdout, stderr } = await textcraftor(home, ...args);
      expect(stderr, args.join(' ')).toBe(`textcraftor: ${name} is empty; give it a value or omit it.\n`);
      expect([code, stdout]).toEqual([2, '']);
    }
  });

  it('refuses an option that is given twice with different values, and takes it twice with the same', async () => {
    const home = await temporaryFolder();
    for (const [args, message] of [
      [
        ['plan', '--prompts', 'a', '--prompts=b'],
        'The option --prompts is given twice, as "a" and as "b"; give it once.',
      ],
      [
        ['prompts', 'sample', '-n', '1', '--count', '2'],
        'The option --count is given twice, as "1" and as "2"; give it once.',
      ],
      [['schedule', 'pause', 'a', '--note', 'x', '--note', 'y'], 'The option --note is given twice, as "x" and as "y"'],
      [['plan', '--set', 'seed=1', '--set', 'seed=2'], '--set seed=2: contradicts --set seed=1, which is given too'],
      [['resume', '--set', 'seed=1', '--from', 'a', '--from', 'b'], 'The option --from is given twice'],
    ] as const) {
      const { code, stdout, stderr } = await textcraftor(home, ...args);
      expect(stderr, args.join(' ')).toContain(`textcraftor: ${message}`);
      expect([code, stdout]).toEqual([2, '']);
    }
    const same = await textcraftor(home, 'list', '--json', '--json');
    expect(same.code).toBe(0);
    const set = ['--set', 'seed=2', '--set', 'seed=2', '--pipeline', 'none.ts', '--pipeline', 'none.ts'];
    expect((await textcraftor(home, 'plan', 'a.yaml', ...set)).stderr).not.toContain('twice');
  });

  it('has one rule for every option of every command', async () => {
    const program = new Program();
    await registerCommands(program, []);
    refuseRepeats(program);
    const all = (command: Program): Program[] => [command, ...command.commands.flatMap(all)];
    const options = all(program).flatMap((command) => command.options.map((option) => ({ command, option })));
    expect(options.length).toBeGreaterThan(80);
    const many = new Set<string>();
    for (const { command, option } of options.filter(({ option }) => option.required)) {
      if (option.parseArg !== (collect as typeof option.parseArg))
        Object.assign(option, { parseArg: (text: string) => text });
      const give = (value: string) => (command as unknown as EventEmitter).emit(`option:${option.name()}`, value);
      give('1');
      try {
        give('2');
        many.add(option.name());
      } catch (error) {
        expect((error as Error).message).toContain(`The option ${option.long} is given twice`);
      }
    }
    expect([...many].sort()).toEqual(['cron', 'mix', 'prompt', 'set']);
  });

  it.skipIf(process.platform !== 'linux')('ends in a sentence where it cannot print, or stands nowhere', async () => {
    const home = await temporaryFolder();
    const gone = join(home, 'gone');
    const shell = (script: string) =>
      new Promise<[number | null, string]>((resolve) => {
        const child = spawn('bash', ['-c', script], { env: { ...process.env, TEXTCRAFTOR_HOME: home } });
        let said = '';
        child.stderr.on('data', (data: Buffer) => (said += data.toString()));
        child.on('close', (code) => resolve([code, said]));
      });
    const program = `${process.execPath} ${new URL('../../cli/textcraftor.mjs', import.meta.url).pathname}`;
    for (const command of ['list --json', '--help'])
      expect(await shell(`${program} ${command} > /dev/full`)).toEqual([
        1,
        'textcraftor: The output of this command cannot be written: the disk is full.\n',
      ]);
    expect(await shell(`${program} plan --set a 2> /dev/full`)).toEqual([2, '']);
    expect(await shell(`${program} list | head -0; exit \${PIPESTATUS[0]}`)).toEqual([0, '']);
    expect(await shell(`mkdir ${gone} && cd ${gone} && rmdir ${gone} && ${program} list`)).toEqual([
      2,
      'textcraftor: The current folder no longer exists; change to one that does (cd).\n',
    ]);
  });

  it('names a damaged record once', async () => {
    const home = await temporaryFolder();
    await mkdir(join(home, 'runs', 'a'), { recursive: true });
    for (const [content, word] of [
      ['', 'is empty'],
      ['{"id": "a', 'is cut short or overwritten'],
      ['[]', 'holds no record'],
    ] as const) {
      await writeFile(join(home, 'runs', 'a', 'run.json'), content);
      const { code, stderr } = await textcraftor(home, 'status', 'a');
      expect(stderr).toContain(`runs/a/run.json ${word}; start the run again`);
      expect(stderr.match(/run\.json/g)).toHaveLength(1);
      expect(code).toBe(1);
    }
  });

  it('never lets a name or a file control the terminal', async () => {
    const home = await temporaryFolder();
    const evil = '\x1b]0;owned\x07\u202e';
    const named = await textcraftor(home, 'plan', `none${evil}.yaml`);
    const set = await textcraftor(home, 'plan', '--set', `seed="${evil}`);
    const unknown = await textcraftor(home, `pl${evil}an`);
    await writeFile(join(home, 'p.txt'), `a red ${evil} fox\na blue\x9b31m dog\n`);
    await writeFile(join(home, 'c.yaml'), `"${'\\e'}[2Jname": 1\nmodel: m\n`);
    const key = await textcraftor(home, 'plan', join(home, 'c.yaml'));
    for (const { stdout, stderr } of [named, set, unknown, key])
      expect(stdout + stderr).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
    expect(named.stderr).toContain('\\u001b]0;owned');
  });
});

describe('a plan', () => {
  it('fetches nothing, and says what a run would fetch and how large that is', async () => {
    await using hub = await startHub({
      'models/owner/clip': { files: { 'config.json': '{}', 'model.safetensors': Buffer.alloc(2_000_000) } },
    });
    const home = await temporaryFolder();
    const plan = async (endpoint: string) => {
      const more = { HF_ENDPOINT: endpoint, HF_HUB_CACHE: join(home, 'hub') };
      return new Command(home, ['plan', '--json', '--set', 'rewards.clip.model=owner/clip'], more).ended;
    };
    const { stdout, stderr, code } = await plan(hub.endpoint);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { stages, fetch } = JSON.parse(stdout) as { stages: { stage: string; why: string }[]; fetch: unknown[] };
    expect(fetch).toEqual([{ kind: 'model', name: 'owner/clip', bytes: 2_000_002 }]);
    expect(stages.find(({ stage }) => stage === 'tune-encoder')?.why).toBe('owner/clip is fetched first');
    expect(hub.requests.filter((request) => request.includes('/resolve/'))).toEqual([]);
    expect(await readdir(join(home, 'hub')).catch(() => [])).toEqual([]);

    const alone = JSON.parse((await plan('http://127.0.0.1:9')).stdout) as { fetch: unknown[] };
    expect(alone.fetch).toEqual([{ kind: 'model', name: 'owner/clip' }]);
  });

  it('estimates the time of stages that were never measured, and says from what', async () => {
    const home = await temporaryFolder();
    const { stdout } = await textcraftor(home, 'plan', '--json', '--set', 'tuneEncoder.steps=10000000');
    const { stages } = JSON.parse(stdout) as {
      stages: { stage: string; estimatedSeconds: number; estimate: { basis: string } }[];
    };
    const tuning = stages.find(({ stage }) => stage === 'tune-encoder')!;
    if (tuning.estimate) {
      expect(tuning.estimate.basis).toBe('rough');
      expect(tuning.estimatedSeconds).toBeGreaterThan(86_400);
    }
  });
});

describe('the ablations of a configuration', () => {
  it.each([
    ['[{sampler.steps: [8, 5000]}]', 'sampler.steps 5000: sampler.steps: 5000 sampling steps are not possible'],
    ['[{evaluate.stepps: [4]}]', 'evaluate.stepps 4: configs/tiny.yaml: unknown key "evaluate.stepps"'],
    [
      '[{seed: [1, 2], evaluate.scheduler: [ddim, nonsense]}]',
      'seed 1, evaluate.scheduler nonsense: configs/tiny.yaml: "evaluate.scheduler" is wrong',
    ],
    ['[{model: [world/shapes/base, none]}]', 'model none: Cannot read '],
  ])('are checked by a plan as by ablate: %s', async (ablations, message) => {
    const home = await temporaryFolder();
    for (const command of ['plan', 'ablate']) {
      const { code, stdout, stderr } = await textcraftor(home, command, '--set', `ablations=${ablations}`);
      expect(stderr, command).toContain(`textcraftor: ablations, with ${message}`);
      expect([code, stdout]).toEqual([2, '']);
    }
  });

  it('are refused where --set fixes what they vary', async () => {
    const set = ['--set', 'ablations=[{seed: [1, 2]}]', '--set', 'seed=1'];
    const { code, stderr } = await textcraftor(await temporaryFolder(), 'ablate', ...set);
    expect(stderr).toContain('ablations, with seed 2: --set seed=2: contradicts --set seed=1');
    expect(code).toBe(2);
  });
});

describe('a limit', () => {
  const program = new URL('../../cli/textcraftor.mjs', import.meta.url).pathname;
  const under = async (limit: string) => {
    const home = await temporaryFolder();
    const child = spawn('sh', ['-c', `ulimit ${limit} && exec ${process.execPath} ${program} plan`], {
      env: { ...process.env, TEXTCRAFTOR_HOME: home },
    });
    let said = '';
    child.stderr.on('data', (data: Buffer) => (said += data.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, said };
  };

  it.each(['-n 20', '-n 24', '-n 30', '-n 40'])('of files is named: %s', async (limit) => {
    expect(await under(limit)).toEqual({
      code: 1,
      said: 'textcraftor: Too many files are open for this machine; allow more, for example with: ulimit -n 4096\n',
    });
  });

  it.skipIf(process.platform !== 'linux')('of memory is named, whichever thread finds it first', async () => {
    // Side by side, so that the loader's thread is sometimes the first.
    for (const { code, said } of await Promise.all(Array.from({ length: 8 }, () => under('-v 3000000')))) {
      expect(said).toMatch(/^textcraftor: There is not enough memory[^\n]*\n$/);
      expect(code).toBe(1);
    }
  });
});
