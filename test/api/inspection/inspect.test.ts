import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { checkout, loadConfig } from '../../../pipeline/config/config-file.ts';
import { inspectRun } from '../../../pipeline/inspection.ts';
import { textcraftor } from '../../../pipeline/textcraftor.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-inspect-'));
afterAll(() => rmSync(folder, { recursive: true }));

const inspect = async (...settings: string[]) => {
  const config = await loadConfig(textcraftor, { file: `${checkout}configs/shapes.yaml`, settings, folder });
  return inspectRun(textcraftor, config);
};

/** A copy of a folder of the world in which one JSON file has other values. */
function changed(name: string, file: string, values: object, from = 'base'): string {
  const path = join(folder, name);
  cpSync(join(checkout, 'world/shapes', from), path, { recursive: true });
  const json = JSON.parse(readFileSync(join(path, file), 'utf8')) as object;
  writeFileSync(join(path, file), JSON.stringify({ ...json, ...values }));
  return path;
}

async function refused(message: RegExp, ...settings: string[]): Promise<void> {
  const error: unknown = await inspect(...settings).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(InputError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain('\n');
}

/** Enough prompts for every split. */
const cats = Array.from({ length: 300 }, (_, i) => `a red cat number ${i}`);

describe('before a run begins', () => {
  it('no fault is found in the shipped configuration, and no engine is started', async () => {
    expect(await inspect()).toEqual({ evaluationCost: expect.any(Number) as number });
    const { sharedObjects } = process.report.getReport() as { sharedObjects: string[] };
    expect(sharedObjects.filter((name) => /tensorflow|tfjs/.test(name))).toEqual([]);
  });

  it.each([
    ['a model that is not there', ['model=none'], /Cannot read .*none\/model_index\.json: it does not exist/],
    ['more steps than the noise schedule has', ['sampler.steps=5000'], /^sampler\.steps: 5000 sampling steps/],
    ['more steps of the comparison', ['evaluate.steps=5000'], /^evaluate\.steps: 5000 sampling steps/],
    [
      'an arm with more last steps than steps',
      ['evaluate.arms=[{name: a, mix: [{encoder: world/shapes/base/text_encoder, weight: 1}], lastSteps: 9}]'],
      /^evaluate\.arms: "a" has lastSteps 9/,
    ],
    [
      'an arm whose encoder is not there',
      ['evaluate.arms=[{name: a, mix: [{encoder: none, weight: 1}]}]'],
      /The text encoder .*none does not exist/,
    ],
    [
      'a style whose encoder is not there',
      ['styles={prompts: 1, encoders: [{name: a, encoder: none/at-all, metric: clip}]}'],
      /The text encoder .*none\/at-all does not exist/,
    ],
    [
      'a style that the world does not have',
      ['styles={prompts: 1, encoders: [{name: a, encoder: tuned, metric: style.neon}]}'],
      /^styles\.encoders: the metric of "a" is style\.neon, which the shapes world does not have; it has oracle, /,
    ],
    ['a start that is not there', ['tuneEncoder.startFrom=none'], /The text encoder .*none does not exist/],
    [
      'a champion that is not there',
      ['champion={version: 1, encoder: none}'],
      /The text encoder .*none does not exist/,
    ],
    ['a reward that is not there', ['rewards.clip.model=none'], /Cannot read .*none: it does not exist/],
    [
      'a reward of another kind of model',
      ['rewards.clip.model=world/shapes/held-out'],
      /is not a CLIPModel's configuration/,
    ],
    [
      'a held-out reward of another kind',
      ['heldOut.model=world/shapes/clip'],
      /world\/shapes\/clip\/config\.json: image_size/,
    ],
    ['a head of another width', ['rewards.aesthetic.head=world/shapes/clip/model.safetensors'], /aesthetic head/],
    [
      'a layer that no network has',
      ['tuneEncoder.lora={rank: 2, targets: [q_proj, nonsense]}'],
      /^tuneEncoder\.lora\.targets: no linear layer of the text encoder is named "nonsense"/,
    ],
    [
      'adapters wider than a layer of the text encoder',
      ['tuneEncoder.lora={rank: 4096}'],
      /^tuneEncoder\.lora\.rank is 4096; expected at most \d+, the width of the layer text_model\.\S+_proj of the text encoder/,
    ],
    [
      'adapters wider than a layer of the UNet',
      ['tuneEncoder.joint={learningRate: 0.001, lora: {rank: 4096, targets: [to_q]}}'],
      /^tuneEncoder\.joint\.lora\.rank is 4096; expected at most \d+, the width of the layer \S+to_q of the UNet/,
    ],
    [
      'a UNet that sees more than its guide has',
      ['transfer={prompts: 1, unets: [{name: other, unet: world/shapes/second-inpainting}]}'],
      /^transfer\.unets: "other" .*channels beside the latents/,
    ],
    ['prompts that are not there', ['prompts.source=none.txt', 'sweep.chooseBy=heldOut'], /none\.txt: no such file/],
    ['a benchmark that is not there', ['benchmarks=[{name: a, source: none.txt}]'], /none\.txt: no such file/],
    ['a word list that is not there', ['filter.blockedFiles=[none.txt]'], /none\.txt: the word list cannot be read/],
    ['a folder without shards', ['shard.extends=world/shapes/clip'], /no manifest\.json/],
  ])('%s is refused', async (_, settings, message) => {
    await refused(message, ...settings);
  });

  it.each([
    [
      'a hook',
      ['notify=[{command: [sh]}, {command: [none-such, -x]}]'],
      /^notify\.1\.command: no program none-such is on the PATH/,
    ],
    [
      'a hook by its path',
      ['notify=[{command: [./none-such]}]'],
      /^notify\.0\.command: the program .*\/none-such does not exist/,
    ],
    ['a hook that is a folder', [`notify=[{command: [${checkout}world]}]`], /^notify\.0\.command: .*world is a folder/],
    [
      'a rewriter that is no program',
      [`baselines.promptEngineering={rewriter: {command: [${checkout}package.json]}}`],
      /^baselines\.promptEngineering\.rewriter\.command: .*package\.json is not executable/,
    ],
  ])('%s is refused where the environment is known', async (_, settings, message) => {
    const config = await loadConfig(textcraftor, { file: `${checkout}configs/shapes.yaml`, settings, folder });
    await inspectRun(textcraftor, config);
    await expect(inspectRun(textcraftor, config, { environment: process.env })).rejects.toThrow(message);
  });

  it('parts of a model that do not fit each other are refused', async () => {
    const narrow = changed('narrow', 'unet/config.json', { cross_attention_dim: 7 });
    await refused(/cross_attention_dim is 7; the hidden_size/, `model=${narrow}`);
    const words = changed('words', 'text_encoder/config.json', { vocab_size: 9 });
    await refused(/its tokenizer has \d+ tokens/, `model=${words}`);
  });

  it.each([
    [
      'text_encoder/config.json',
      { vocab_size: 1e9 },
      /token_embedding\.weight .* expected \[1000000000.*, as in its configuration/,
    ],
    ['text_encoder/config.json', { num_hidden_layers: 1e9 }, /layers\.\d+\..* is missing/],
    ['unet/config.json', { layers_per_block: 1e9 }, /Tensor down_blocks\..* is missing/],
    ['unet/config.json', { sample_size: 1e9 }, /sample_size is 1000000000: expected at most 2048/],
    ['vae/config.json', { layers_per_block: 1e9 }, /Tensor decoder\..* is missing/],
    ['scheduler/scheduler_config.json', { num_train_timesteps: 1e9 }, /num_train_timesteps is 1000000000/],
  ])('%s with %j is refused by the headers of the weights', async (file, values, message) => {
    const model = changed(`large-${Object.keys(values)[0]!}-${file.split('/')[0]!}`, file, values);
    await refused(message, `model=${model}`);
  });

  it('sizes of a reward that its weights do not have are refused', async () => {
    const clip = changed('clip', 'config.json', { projection_dim: 1e9 }, 'clip');
    await refused(/expected \[1000000000.*, as in its configuration/, `rewards.clip.model=${clip}`);
    const cnn = changed('cnn', 'config.json', { hidden_size: 1e9 }, 'held-out');
    await refused(/expected \[1000000000.*, as in its configuration/, `heldOut.model=${cnn}`);
  });

  it('what takes pictures of the shapes world is refused where the model makes others', async () => {
    const model = `model=${changed('wide', 'unet/config.json', { sample_size: 16 })}`;
    await inspect(model);
    const base = /wide have 64/;
    await refused(
      /^sweep\.chooseBy is oracle, which takes pictures of 32 pixels; those of /,
      model,
      'sweep.chooseBy=oracle',
    );
    for (const setting of [
      'registry.gate.champion={oracle: -0.1}',
      'registry.gate.base={heldOut: 0, oracle.shape: 0}',
      'baselines.direct={steps: 1, batch: 1, learningRate: 1}',
    ]) {
      await inspect(setting);
      await refused(base, model, setting);
    }
    await inspect(model, 'registry.promote=auto'); // by the held-out reward
    const control = changed('control', 'config.json', { sample_size: 16 }, 'second-control');
    const transfer = `transfer={prompts: 1, unets: [{name: c, unet: ${control}, guide: silhouette}]}`;
    await refused(/^transfer\.unets: "c" .*"silhouette" takes pictures of 32 pixels.* have 64/, transfer);
  });

  it('what takes pictures of the gallery is refused where the model makes those of the shapes world', async () => {
    const wide = `model=${changed('wide-gallery', 'unet/config.json', { sample_size: 16 })}`;
    const control = `{name: c, unet: ${changed('wide-control', 'config.json', { sample_size: 16 }, 'second-control')}, guide: silhouette}`;
    const direct = '{steps: 1, batch: 1, learningRate: 1, pictures: gallery}';
    for (const [setting, message] of [
      ['sweep.chooseBy=oracle', /^sweep\.chooseBy is oracle, which takes pictures of 64 pixels; those of .* have 32: /],
      [`baselines.direct=${direct}`, /^baselines\.direct\.pictures is gallery, which takes pictures of 64 pixels/],
      ['registry.gate.base={style.neon: 0}', /^registry\.gate\.base bounds style\.neon, which takes pictures of 64/],
    ] as const) {
      await inspect(wide, 'prompts.source=gallery', setting);
      await refused(message, 'prompts.source=gallery', setting);
    }
    await inspect(wide, 'prompts.source=gallery', `transfer={prompts: 1, unets: [${control}]}`);
    await refused(
      /^registry\.gate\.base bounds style\.neon, which the shapes world does not have: leave out this bound/,
      'registry.gate.base={style.neon: 0}',
    );
  });

  it('an automatic promotion that nothing passes is refused', async () => {
    const config = await loadConfig(textcraftor, {
      file: `${checkout}configs/shapes.yaml`,
      settings: [`model=${changed('other', 'unet/config.json', { sample_size: 16 })}`, 'registry.promote=auto'],
      folder,
    });
    const { heldOut: _, ...bare } = config;
    await expect(inspectRun(textcraftor, bare)).rejects.toThrow(
      /^registry\.promote is auto, but nothing would pass the gate/,
    );
    const registry = { ...config.registry, gate: { ...config.registry.gate, base: { clip: 0 } } };
    expect(await inspectRun(textcraftor, { ...bare, registry })).toHaveProperty('evaluationCost');
  });

  it('pictures to tune on are checked', async () => {
    const pictures = join(folder, 'pictures');
    mkdirSync(pictures);
    const setting = `baselines.direct={steps: 1, batch: 1, learningRate: 1, pictures: ${pictures}}`;
    await refused(/metadata\.jsonl is missing/, setting);
    writeFileSync(join(pictures, 'metadata.jsonl'), '{"file_name": "a.png", "text": "a"}\n');
    await refused(/a\.png cannot be read: there is no such picture/, setting);
    writeFileSync(join(pictures, 'a.png'), 'text');
    await refused(/a\.png is not a PNG file/, setting);
  });

  it('the first prompts are read as the run would read them', async () => {
    const given = (name: string, content: string | Buffer) => {
      writeFileSync(join(folder, name), content);
      return [`prompts.source=${name}`, 'sweep.chooseBy=heldOut'];
    };
    const table = given('prompts.csv', `prompt,kind\n${cats.map((cat) => `${cat},easy\n`).join('')}`);
    expect(await inspect(...table)).toMatchObject({ promptBytes: statSync(join(folder, 'prompts.csv')).size });
    await refused(/no column "colour"; the columns are "prompt", "kind"/, ...table, 'prompts.column=colour');
    await refused(/the file is empty/, ...given('empty.txt', ''));
    await refused(/contains no prompts/, ...given('blank.txt', '\n \n'));
    await refused(/cannot be read as Parquet/, ...given('noise.parquet', Buffer.alloc(99, 7)));
    await refused(/cut\.json: ends within item 1/, ...given('cut.json', '[{"prompt": "a red c'));
    const bad = given('bad.jsonl', `${cats.map((prompt) => `${JSON.stringify({ prompt })}\n`).join('')}{"prompt": \n`);
    await refused(/bad\.jsonl: line 301 .*prompts\.malformed=skip/, ...bad);
    await inspect(...bad, 'prompts.malformed=skip');
    await inspect(...bad, 'prompts.limit=300');
  });

  it('a split that cannot get a prompt is refused if all prompts are read', async () => {
    const given = (name: string, content: string) => {
      writeFileSync(join(folder, name), content);
      return [`prompts.source=${name}`, 'sweep.chooseBy=heldOut'];
    };
    const two = given('two.txt', 'a red circle\na blue square\n');
    await refused(/^None of the 2 prompts falls into the (validation|test) split \(a share of 0\.\d+\)/, ...two);
    const many = given('many.txt', cats.join('\n'));
    await inspect(...many);
    await refused(/^None of the 1 prompts falls into/, ...many, 'prompts.limit=1');
    await refused(
      /^None of the 300 prompts falls into the test split \(a share of 0\.0001\)/,
      ...many,
      'shard.test=0.0001',
    );
    await refused(/^None of the 300 prompts passes the filter \(/, ...many, 'filter.maxCharacters=3');
    await refused(/^None of the 1 prompts falls into the train split/, 'prompts.limit=1'); // the embedded world
  });

  it('keys of the prompts that no file of the source is about are refused', async () => {
    for (const [name, content] of [
      ['keys.txt', `${cats.join('\n')}\n`],
      ['keys.csv', `prompt\n${cats.join('\n')}\n`],
      ['train.csv', `prompt\n${cats.join('\n')}\n`],
    ] as const)
      writeFileSync(join(folder, name), content);
    const given = (name: string, setting: string) => [`prompts.source=${name}`, `prompts.${setting}`];
    await refused(
      /^prompts\.column has no effect: .*keys\.txt has no file of tables/,
      ...given('keys.txt', 'column=a'),
    );
    await refused(/^prompts\.comments has no effect: .* no file of \.txt/, ...given('keys.csv', 'comments=none'));
    await refused(/keys\.csv: no split "train"; the files name no splits/, ...given('keys.csv', 'split=train'));
    await inspect(...given('train.csv', 'split=train'));
    await inspect(...given('keys.txt', 'comments=none'));
    await inspect(...given('keys.csv', 'column=prompt'));
    await inspect(...given('keys.*', 'comments=none'));
  });

  it('benchmarks are read, with the requested columns', async () => {
    writeFileSync(join(folder, 'bench.csv'), 'prompt,kind\na red cat,easy\n');
    await inspect('benchmarks=[{name: a, source: bench.csv, categoryColumns: [kind]}]');
    await refused(/colour/, 'benchmarks=[{name: a, source: bench.csv, categoryColumns: [colour]}]');
  });

  it('files that are fetched first are skipped', async () => {
    const config = await loadConfig(textcraftor, {
      file: `${checkout}configs/shapes.yaml`,
      settings: ['model=owner/name'],
      folder,
    });
    expect(await inspectRun(textcraftor, config, { absent: new Set([join(folder, 'owner/name')]) })).toEqual({});
  });
});
