import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { useMix, type MixOptions } from '../../api/encoders/encoder-mix.ts';
import { useStyleEncoders } from '../../api/encoders/style-encoders.ts';
import { useEncoder, type UseOptions } from '../../api/export/encoder-use.ts';
import { networksToExport } from '../../api/export/export-source.ts';
import { cardOf, exportNotes, isJudged } from '../../api/export/model-card.ts';
import { InputError } from '../../common/errors.ts';
import type { Sweep, NamedComparison } from '../../evaluation/results.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { asChampion } from '../../registry/version-folders.ts';
import { gateSchema } from '../../pipeline/config/sections/gate-settings.ts';
import { Registry } from '../../registry/versions.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

const compared = (arm: string, against: string, metric: string, low: number, high: number): NamedComparison => ({
  metric,
  arm,
  against,
  n: 264,
  mean: (low + high) / 2,
  ci95: [low, high],
  winRate: 0.5,
});
const comparisons = [
  compared('exported', 'base', 'oracle', 0.01, 0.03),
  compared('chosen', 'base', 'oracle', 0.05, 0.07),
  compared('exported', 'chosen', 'oracle', -0.06, -0.02),
  compared('exported', 'base', 'heldOut', 0.4, 0.6),
  compared('chosen', 'base', 'heldOut', 0.4, 0.7),
  compared('exported', 'chosen', 'heldOut', -0.2, 0.1),
  compared('tuned', 'base', 'heldOut', 5, 6),
];
const sampler = { steps: 8, guidance: 3, gradientSteps: 6 };
const choice = (step: number, blend: number, unetStep?: number) => ({
  step,
  blend,
  ...(unetStep === undefined ? {} : { unetStep }),
});

let home: Home;
let run: string;
beforeEach(async () => {
  home = new Home(await temporaryFolder());
});

/** A run that has chosen, with or without an evaluation. */
async function chose(sweep: { chosen: Sweep['chosen']; exported: Sweep['chosen'] }, evaluated = true): Promise<void> {
  const [store, records] = [new ArtifactStore(home.artifacts), new RunRecords(home)];
  const artifacts: Record<string, Record<string, string>> = {
    'tune-encoder': { 'encoder/step-000020/model.safetensors': 'tuned' },
    'tune-unet': { 'unet/step-000005/diffusion_pytorch_model.safetensors': 'unet' },
    sweep: {
      'sweep.json': JSON.stringify({ chosen: sweep.chosen, exported: { chosen: sweep.exported } }),
      'exported/text_encoder/model.safetensors': 'exported',
    },
    ...(evaluated ? { evaluate: { 'comparisons.json': JSON.stringify(comparisons) } } : {}),
  };
  const graph = Object.keys(artifacts).map((name) => ({ name, inputs: [] }));
  const config = { model: '/models/base', seed: 7, sampler, evaluate: { samplesPerPrompt: 4 } };
  ({ id: run } = await records.create('small', 'test', config, graph));
  for (const [name, files] of Object.entries(artifacts)) {
    const draft = join(home.folder, `draft-${name}`);
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(draft, path, '..'), { recursive: true });
      await writeFile(join(draft, path), content);
    }
    await records.saveStage(run, { name, status: 'ran', seconds: 1, artifact: await store.commit(draft) });
  }
}

/** A version of the registry, with its files. */
async function registered(exported: boolean, called = 'tiny', model = '/models/base'): Promise<void> {
  const draft = join(home.folder, 'draft');
  for (const path of ['encoder/model.safetensors', ...(exported ? ['exported/model.safetensors'] : [])]) {
    await mkdir(join(draft, path, '..'), { recursive: true });
    await writeFile(join(draft, path), path);
  }
  const registry = new Registry(home);
  const { name, version } = await registry.register({
    name: called,
    run: 'r',
    config: 'c',
    lineage: [],
    model,
    gate: gateSchema.parse({}),
    comparisons: comparisons.filter(({ arm }) => arm !== 'tuned'),
    artifact: await new ArtifactStore(home.artifacts).commit(draft),
    encoder: { sha256: 'e', step: 20, blend: 0.75 },
    exported: exported ? { sha256: 'x', step: 20, weight: 0.5 } : null,
    measured: { sampler, samplesPerPrompt: 4, seed: 7 },
  });
  await registry.promote(name, version, true);
}

const use = (options: Partial<UseOptions>) => useEncoder(home, { steps: 25, ...options });
const both = { chosen: choice(20, 0.75), exported: choice(20, 0.5) };

describe('a mix', () => {
  const mixOf = (options: Partial<MixOptions>) =>
    useMix(home, { mix: [{ encoder: 'tiny', weight: 0.6 }], steps: 25, ...options });

  it('takes the tuned encoders behind names, on their model, in as many steps as they were judged in', async () => {
    await registered(true);
    const { mix, used, ...rest } = await mixOf({
      mix: [
        { encoder: 'tiny', weight: 0.6 },
        { encoder: '/some/encoder', weight: 0.3 },
      ],
    });
    expect(rest).toEqual({ model: '/models/base', lastSteps: 19 });
    expect(mix).toEqual([
      { encoder: expect.stringMatching(/\/encoder\/model\.safetensors$/) as string, weight: 0.6 },
      { encoder: '/some/encoder', weight: 0.3 },
    ]);
    expect(used).toBe(
      "Embeddings: 0.6 of tiny@1, 0.3 of /some/encoder, the rest of the model's own encoder, in the last 19 of 25 steps.",
    );
  });

  it('takes a given model and number of steps; of paths alone, all steps', async () => {
    await registered(true);
    expect(await mixOf({ model: '/other', lastSteps: 2 })).toMatchObject({ model: '/other', lastSteps: 2 });
    const paths = { mix: [{ encoder: '/some/encoder', weight: 1 }] };
    expect(await mixOf({ ...paths, model: '/other' })).toMatchObject({ lastSteps: 25 });
    await expect(mixOf(paths)).rejects.toThrow('name its diffusers folder with --model');
    await expect(mixOf({ mix: [{ encoder: 'nobody', weight: 1 }] })).rejects.toThrow('no file, folder or run "nobody"');
  });

  it('is refused for encoders of different models, unless one is given', async () => {
    await registered(true);
    await registered(true, 'other', '/models/other');
    const mix = [
      { encoder: 'tiny', weight: 0.5 },
      { encoder: 'other', weight: 0.5 },
    ];
    await expect(mixOf({ mix })).rejects.toThrow('different models, /models/base and /models/other');
    expect((await mixOf({ mix, model: '/models/base' })).mix).toHaveLength(2);
  });
});

describe('styles of a configuration', () => {
  const encodersOf = async (...encoders: string[]) => {
    const named = encoders.map((encoder, i) => ({ name: `style-${i}`, encoder, metric: 'clip' }));
    const { styles } = await useStyleEncoders(home, { seed: 1, styles: { encoders: named } }, home.folder);
    return styles.encoders.map(({ encoder }) => encoder);
  };

  it('take the tuned encoders behind names; paths, files that are there and the own encoder stay', async () => {
    await chose(both);
    await registered(true);
    await writeFile(join(home.folder, 'neon'), 'weights');
    const encoders = await encodersOf('tiny@1', run, 'latest', 'tuned', 'some/encoder', 'neon');
    expect(encoders[0]).toMatch(/\/encoder\/model\.safetensors$/);
    expect(encoders[1]).toMatch(/\/encoder\/step-000020\/model\.safetensors$/);
    expect(encoders.slice(2)).toEqual([encoders[1], 'tuned', 'some/encoder', 'neon']);
  });

  it('are refused by their key for an unknown name and a run that chose the original encoder', async () => {
    await expect(encodersOf('nobody')).rejects.toThrow(
      /^styles\.encoders: There is no file, folder or run "nobody", and no registered encoder/,
    );
    await chose({ chosen: choice(0, 0), exported: choice(0, 0) });
    await expect(encodersOf(run)).rejects.toThrow(/^styles\.encoders: Run .* chose the original text encoder/);
  });

  it('leave other settings as they are', async () => {
    for (const settings of [{ seed: 1 }, { styles: 3 }, { styles: { encoders: 'a' } }])
      expect(await useStyleEncoders<unknown>(home, settings, home.folder)).toBe(settings);
  });
});

describe('generate', () => {
  it.each(['latest', 'the run'])(
    "takes the exported form of %s, in all steps, on the run's own model",
    async (name) => {
      await chose(both);
      const used = await use({ textEncoder: name === 'latest' ? name : run });
      expect(used.textEncoder).toMatch(/exported\/text_encoder\/model\.safetensors$/);
      expect(used).toMatchObject({ model: '/models/base' });
      expect(used).not.toHaveProperty('blend');
      expect(used).not.toHaveProperty('lastSteps');
      expect(used.used).toBe(
        `run ${run}: the text encoder of step 20 with 0.5 of the tuned weights, in all 25 steps, as exported. It was judged with 8 steps of ddim and guidance 3.`,
      );
    },
  );

  it.each(['production', 'tiny@1', 'tiny', '1'])(
    'takes the exported form of a registered encoder: %s',
    async (name) => {
      await registered(true);
      const used = await use({ textEncoder: name });
      expect(used.textEncoder).toMatch(/\/exported\/model\.safetensors$/);
      expect(used.used).toContain('tiny@1: the text encoder of step 20 with 0.5 of the tuned weights');
    },
  );

  it('uses it as evaluated if that, a blend or a number of steps is given', async () => {
    await chose(both);
    const evaluated = await use({ textEncoder: 'latest', as: 'evaluated' });
    // K is the same share of the steps: 6 of 8.
    expect(evaluated).toMatchObject({ blend: 0.75, lastSteps: 19 });
    expect(evaluated.textEncoder).toMatch(/encoder\/step-000020\/model\.safetensors$/);
    expect(evaluated.used).toContain('0.75 of its embeddings, in the last 19 of 25 steps, as evaluated.');
    const byHand = await use({ textEncoder: 'latest', blend: 0.3 });
    expect(byHand).toMatchObject({ blend: 0.3, lastSteps: 19 });
    expect(byHand.used).toContain('which is not how it was evaluated');
    expect(await use({ textEncoder: 'latest', lastSteps: 25 })).toMatchObject({ blend: 0.75, lastSteps: 25 });
    expect((await use({ textEncoder: 'latest', steps: 8, blend: 0.75, lastSteps: 6 })).used).toContain('as evaluated.');
  });

  it('says so when nothing is exported, and uses it in the last steps', async () => {
    await chose({ chosen: choice(20, 0.75), exported: choice(0, 0) });
    const used = await use({ textEncoder: 'latest' });
    expect(used).toMatchObject({ blend: 0.75, lastSteps: 19 });
    expect(used.used).toContain('it exports nothing for all steps, so the text encoder of step 20');
    await expect(use({ textEncoder: 'latest', as: 'exported' })).rejects.toThrow('Use it with --as evaluated.');
    await registered(false);
    expect(await use({ textEncoder: 'production' })).toMatchObject({ blend: 0.75, lastSteps: 19 });
  });

  it('takes the UNet that was chosen with it, or that of another name, or a path', async () => {
    await chose({ chosen: choice(20, 1, 5), exported: choice(20, 0.5, 5) });
    const own = await use({ textEncoder: 'latest' });
    expect(own.unet).toMatch(/unet\/step-000005\/diffusion_pytorch_model\.safetensors$/);
    expect(own.used).toContain('with the UNet of step 5');
    expect((await use({ textEncoder: 'latest', unet: 'mine/unet' })).unet).toBe('mine/unet');
    expect(await use({ unet: run })).toEqual({ steps: 25, unet: own.unet, model: '/models/base' });
    await registered(true);
    await expect(use({ unet: 'production' })).rejects.toThrow('No tuned UNet was chosen in tiny@1');
  });

  it('refuses files that have changed since they were judged', async () => {
    const damage = async (path: string) => {
      await chmod(path, 0o644);
      await writeFile(path, 'damaged');
    };
    await chose({ chosen: choice(20, 1, 5), exported: choice(20, 0.5, 5) });
    await registered(true);
    for (const name of ['latest', 'production']) {
      const { textEncoder } = await use({ textEncoder: name });
      await damage(textEncoder!);
      for (const find of [
        () => use({ textEncoder: name }),
        () => networksToExport(home, { run: name }),
        () => use({ textEncoder: name, as: 'evaluated' }),
      ])
        await expect(find()).rejects.toThrow('model.safetensors has other bytes than when it was written');
    }
    const version = await new Registry(home).version('tiny', 1);
    await expect(asChampion(home, version)).rejects.toThrow('tiny@1 cannot be used');
  });

  it('leaves paths unchanged, and refuses unknown names and contradictions', async () => {
    await chose(both);
    expect(await use({ textEncoder: 'a/folder', model: 'm' })).toEqual({
      steps: 25,
      textEncoder: 'a/folder',
      model: 'm',
    });
    const refused: [Partial<UseOptions>, string][] = [
      [{ textEncoder: 'a/folder' }, 'No model was given'],
      [{ model: 'm', as: 'exported' }, '--as needs an encoder that was judged'],
      [{ textEncoder: 'a/folder', model: 'm', as: 'evaluated' }, '--as needs an encoder that was judged'],
      [{ textEncoder: 'latest', as: 'exported', blend: 0.5 }, 'leave out --blend and --last-steps'],
      [{ textEncoder: 'no-such-run', model: 'm' }, 'no file, folder or run "no-such-run", and no registered encoder'],
    ];
    for (const [options, message] of refused) {
      const error: unknown = await use(options).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InputError);
      expect((error as Error).message).toContain(message);
    }
    await chose({ chosen: choice(0, 0), exported: choice(0, 0) });
    await expect(use({ textEncoder: run })).rejects.toThrow(/chose the original text encoder/);
  });
});

describe('export', () => {
  const source = (options: Parameters<typeof networksToExport>[1]) => networksToExport(home, options);
  const facts = (networks: Awaited<ReturnType<typeof source>>, dtype: 'float32' | 'float16' = 'float32') => ({
    ...networks,
    dtype,
    formats: ['diffusers'],
  });

  it('writes the very files that were judged, whichever name is given', async () => {
    await chose(both);
    await registered(true);
    for (const given of [{ run: 'latest' }, { run }, { textEncoder: 'latest' }])
      expect(await source(given)).toMatchObject({
        model: '/models/base',
        textEncoder: expect.stringMatching(/exported\/text_encoder\/model\.safetensors$/),
        blend: 1,
        weight: 0.5,
        step: 20,
        unlike: [],
      });
    for (const given of [{ run: 'production' }, { version: 'tiny@1' }, { textEncoder: 'tiny' }])
      expect((await source(given)).textEncoder).toMatch(/\/exported\/model\.safetensors$/);
    const networks = await source({ run: 'latest' });
    expect([isJudged(facts(networks)), isJudged(facts(networks, 'float16'))]).toEqual([true, false]);
    // The chosen share is the same form.
    expect(await source({ run: 'latest', blend: 0.5 })).toEqual(await source({ run: 'latest' }));
  });

  it('says of any other form that it was not judged', async () => {
    await chose({ chosen: choice(20, 0.75, 5), exported: choice(20, 0.5, 5) });
    const other = await source({ run: 'latest', blend: 0.75, unet: './x', lora: 'y', model: 'z' });
    expect(other).toMatchObject({ blend: 0.75, weight: 0.75, step: 20, unet: './x', lora: 'y', model: 'z' });
    expect(other.textEncoder).toMatch(/encoder\/step-000020\/model\.safetensors$/);
    expect(other.unlike).toHaveLength(4);
    expect(exportNotes(facts(other))).toEqual([expect.stringMatching(/^This form was not judged: 0\.75 of the tuned/)]);
    expect(await cardOf(facts(other), undefined)).toContain('**This form was not judged: ');
    const paths = await source({ textEncoder: 'a/b', model: 'm', blend: 0.5 });
    expect(paths).toMatchObject({ textEncoder: 'a/b', model: 'm', blend: 0.5 });
    expect(exportNotes(facts(paths))).toEqual([expect.stringMatching(/^This form was not judged/)]);
    expect(await source({ unet: run, model: 'm' })).toMatchObject({ model: 'm', unlike: [expect.any(String)] });
  });

  it('writes a card with both uses, their intervals, prompts and seed, and which is better', async () => {
    await chose(both);
    const networks = await source({ run: 'latest' });
    const card = await cardOf(facts(networks), networks.textEncoder);
    expect(card.startsWith('---\nlibrary_name: diffusers\n')).toBe(true);
    expect(card).toContain('0.5 times the tuned ones and 0.5 times the original ones');
    expect(card).toContain('4 pictures per prompt from the same start noise, seed 7, 8 steps of ddim, guidance 3');
    expect(card).toContain(
      '| Oracle | +0.020 (+0.010 to +0.030) | +0.060 (+0.050 to +0.070) | −0.040 (−0.060 to −0.020) | 264 |',
    );
    expect(card).toContain('in the last 6 of 8 steps');
    expect(card).toContain('than in all steps, as exported: exported against chosen Oracle −0.040');
    expect(card).toMatch(/in float32: `[0-9a-f]{64}`/);
    expect(card).not.toContain('/models/');
    const notes = exportNotes(facts(networks, 'float16'));
    expect(notes[0]).toContain('in all steps, against the original on 264 test prompts: Oracle +0.020');
    expect(notes[1]).toContain('0.75 of its embeddings in the last 6 of 8 steps: Oracle +0.060');
    expect(notes[2]).toContain('It is better in the last steps only, as it was chosen');
    expect(notes[3]).toContain('stored in float16: rounded');
  });

  it('says so before the evaluation', async () => {
    await chose(both, false);
    const networks = await source({ run: 'latest' });
    expect(exportNotes(facts(networks))[0]).toContain('it has not been compared with the original');
    expect(await cardOf(facts(networks), networks.textEncoder)).toContain('it has not been compared');
  });

  it('is refused when nothing is exported, unless a share is given', async () => {
    await chose({ chosen: choice(20, 0.75), exported: choice(0, 0) });
    await expect(source({ run: 'latest' })).rejects.toThrow(/export a share of it with --blend, such as 0\.75/);
    expect(await source({ run: 'latest', blend: 0.75 })).toMatchObject({ weight: 0.75, unlike: [expect.any(String)] });
    await expect(source({ run: '../x' })).rejects.toThrow('"../x" is neither a run');
    await expect(source({})).rejects.toThrow('Say which encoder to export');
    await expect(source({ run: 'latest', version: 'production' })).rejects.toThrow('Say which encoder to export');
  });
});
