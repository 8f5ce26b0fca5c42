import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkout, loadConfig } from '../../pipeline/config/config-file.ts';
import type { CodeDigests } from '../../pipeline/keys/code-digests.ts';
import { ExternalDigests } from '../../pipeline/keys/external-inputs.ts';
import { KeyMaker, keyOf } from '../../pipeline/keys/key.ts';
import { activeStages } from '../../pipeline/pipeline.ts';
import { textcraftor, styles } from '../../pipeline/textcraftor.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

it('another result is made of styles when a byte of one of their encoders changes, and only then', async () => {
  const folder = await temporaryFolder();
  const code = { digest: async () => ({ sha256: 'code', modules: {} }) } as unknown as CodeDigests;
  const keyWith = async (encoder: string): Promise<string> => {
    const settings = [
      `styles={encoders: [{name: own, encoder: tuned, metric: clip}, {name: b, encoder: ${encoder}, metric: clip}], prompts: 1}`,
    ];
    const config = await loadConfig(textcraftor, { file: 'configs/tiny.yaml', settings, folder });
    const keys = new KeyMaker(new ExternalDigests(join(folder, 'digests.json')), code);
    return keyOf(await keys.parts(textcraftor, styles, config, { shard: 's', 'tune-encoder': 't', sweep: 'w' }));
  };
  const write = async (name: string, bytes: string, beside = '{}') => {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, 'model.safetensors'), bytes);
    await writeFile(join(folder, name, 'config.json'), beside);
    return `${name}/model.safetensors`;
  };
  const key = await keyWith(await write('one', 'weights'));
  expect(await keyWith(await write('elsewhere', 'weights'))).toBe(key);
  expect(await keyWith(await write('one', 'Weights'))).not.toBe(key);
  expect(await keyWith(await write('one', 'weights', '{"hidden_size": 8}'))).not.toBe(key);
  expect(await keyWith(await write('one', 'weights'))).toBe(key);
});

it('the stage is part of a run that has styles, and of no other', async () => {
  const names = async (...settings: string[]) => {
    const config = await loadConfig(textcraftor, { file: 'configs/tiny.yaml', settings, folder: checkout });
    return activeStages(textcraftor, config).map(({ name }) => name);
  };
  expect(await names()).not.toContain('styles');
  const own = await names('styles={encoders: [{name: own, encoder: tuned, metric: clip}], prompts: 1}');
  expect(own.indexOf('styles')).toBeGreaterThan(own.indexOf('sweep'));
  expect(own.indexOf('report')).toBeGreaterThan(own.indexOf('styles'));
});
