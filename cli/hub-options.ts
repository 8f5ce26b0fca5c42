import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { HubOptions } from '../common/hub/options.ts';
import { whenInterrupted } from '../common/interrupt.ts';
import { visibleLine } from '../common/text/visible.ts';
import { printError } from './print.ts';

/**
 * Reads the hub's options from the environment like Python's huggingface_hub: HF_TOKEN, HF_ENDPOINT, HF_HUB_CACHE,
 * HF_HOME.
 */
export function hubOptions(): HubOptions {
  const { HF_TOKEN: token, HF_ENDPOINT: endpoint, HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  const home = HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface');
  return {
    cache: resolve(HF_HUB_CACHE ?? join(home, 'hub')),
    token: token || undefined,
    endpoint: endpoint?.replace(/\/+$/, '') || undefined,
    progress: showProgress(),
  };
}

/** Shows a line with the percentage on a terminal, or one line per file elsewhere. */
function showProgress(): NonNullable<HubOptions['progress']> {
  let shown = '';
  return ({ file, done, total }) => {
    whenInterrupted('start the same command again: what was downloaded is kept.');
    const share = total === 0 ? 100 : Math.floor((100 * done) / total);
    const line = visibleLine(`downloading ${file}`);
    if (process.stderr.isTTY)
      process.stderr.write(`\r\x1b[K${line}: ${share} % of ${megabytes(total)} MB${done === total ? '\n' : ''}`);
    else if (line !== shown) printError(`${line} (${megabytes(total)} MB in all)`);
    shown = line;
  };
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
