import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { readWordList } from '../../../datasets/text/word-lists.ts';
import { findSources } from '../../../datasets/sources/find-sources.ts';
import { fileBytes } from '../../../engine/weights/file-bytes.ts';
import { readShards } from '../../../engine/weights/weight-shards.ts';
import { readWeights } from '../../../engine/weights/weights.ts';
import { WordPieceTokenizer } from '../../../models/blip/word-piece.ts';
import { readOpenaiVocabulary } from '../../../models/clip/tokenizer/openai-vocabulary.ts';
import { ClipTokenizer } from '../../../models/clip/tokenizer/tokenizer.ts';
import { readJson } from '../../../models/folder/network-config.ts';
import { readLora } from '../../../models/lora/lora-file.ts';
import { readClip } from '../../../models/clip/load-clip.ts';
import { readYaml } from '../../../pipeline/config/config-file.ts';
import { ExternalDigests } from '../../../pipeline/keys/external-inputs.ts';
import { loadPipeline } from '../../../pipeline/load.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

/** The functions that open a file named by the user. */
const readers: Record<string, (path: string) => unknown> = {
  prompts: findSources,
  'word list': readWordList,
  configuration: (path) => readYaml(path, path),
  pipeline: loadPipeline,
  'model configuration': readJson,
  weights: (path) => readWeights(path),
  'bytes of weights': (path) => fileBytes(path),
  'index of weights': (path) => readShards(path, () => Promise.resolve(new Map())),
  LoRA: (path) => readLora(path),
  CLIP: (path) => readClip(path),
  'vocabulary of words': (path) => WordPieceTokenizer.load(path),
  'vocabulary of CLIP': readOpenaiVocabulary,
  tokenizer: (path) => ClipTokenizer.load(path),
  'digest of inputs': (path) => new ExternalDigests(`${path}.known`).digest(path),
};

it.each(Object.entries(readers))(
  'a pipe, a device and a socket are refused at once as %s',
  async (_, read) => {
    const folder = await temporaryFolder();
    const [pipe, socket] = [join(folder, 'pipe'), join(folder, 'socket')];
    execFileSync('mkfifo', [pipe]);
    const server = createServer().listen(socket);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    for (const path of [pipe, socket, '/dev/zero']) {
      const refused = (async () => read(path))();
      await expect(refused).rejects.toThrow(InputError);
      await expect(refused).rejects.toThrow(/not a file|neither a file nor a folder|cannot be read|no tokenizer found/);
    }
  },
  10_000,
);
