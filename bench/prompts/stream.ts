import { PromptStream } from '../../datasets/shards/prompt-stream.ts';
import { readSplit } from '../../datasets/shards/shards.ts';

// Opens shards as a trainer does, in one process, and prints the cost as a line of JSON.

const folder = process.argv[2]!;
const started = performance.now();
const seconds = (from: number): number => (performance.now() - from) / 1e3;

const stream = await PromptStream.open(folder, 'train', 1);
await stream.take(0, 16);
const firstBatch = seconds(started);
const sample = performance.now();
const first = await readSplit(folder, 'train', 10_000);
const rollout = seconds(sample);
const [long, batches] = [performance.now(), 200];
let seen = 0;
for await (const batch of stream.batches(16, 16)) if ((seen += batch.length) === batches * 16) break;
console.log(
  JSON.stringify({
    rows: stream.rows,
    firstBatchSeconds: firstBatch,
    first10000Seconds: rollout,
    promptsPerSecond: (batches * 16) / seconds(long),
    peakMiB: process.resourceUsage().maxRSS / 1024,
    firstId: first[0]!.id,
  }),
);
