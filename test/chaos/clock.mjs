// Preloaded into every process of a run: the clock jumps by the milliseconds that the file CHAOS_CLOCK holds, at the
// moment at which it was written. As with a real clock, files that are written after that bear the new time.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const file = process.env['CHAOS_CLOCK'];
const now = Date.now;
let offset = 0;
let jumped = 0;
let looked = 0;

function shift() {
  const real = now();
  if (file && real - looked > 200) {
    looked = real;
    try {
      const { mtimeMs } = statSync(file);
      [offset, jumped] = [Number(fs.readFileSync(file, 'utf8')), mtimeMs];
    } catch {
      offset = 0; // it has not jumped yet
    }
  }
  return offset;
}

/** The system says when a file was written by the real clock, unless a process has set the time itself. */
function moved(stats) {
  const { mtimeMs } = stats;
  if (typeof mtimeMs === 'number' && shift() !== 0 && mtimeMs >= jumped && mtimeMs <= now()) stats.mtimeMs += offset;
  return stats;
}

const { statSync } = fs;
const { stat } = fs.promises;
fs.promises.stat = async (...args) => moved(await stat(...args));
syncBuiltinESMExports();

Date.now = () => now() + shift();
globalThis.Date = new Proxy(Date, {
  construct: (target, args) => (args.length === 0 ? new target(target.now()) : new target(...args)),
});
