import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { HubOptions } from '../common/hub/options.ts';
import { whenInterrupted } from '../common/interrupt.ts';
import { formatBytes } from '../common/text/format.ts';
import { visibleLine } from '../common/text/visible.ts';
import { printError } from './print.ts';
import { ProgressBar } from './progress/progress-bar.ts';

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

/** Shows a bar on a terminal, or one line per file elsewhere. */
function showProgress(): NonNullable<HubOptions['progress']> {
  const bar = new ProgressBar(process.stderr, 'bytes');
  let shown = '';
  return ({ file, done, total }) => {
    whenInterrupted('start the same command again: what was downloaded is kept.');
    if (process.stderr.isTTY) return bar.show(file, done, total);
    const line = visibleLine(`downloading ${file}`);
    if (line !== shown) printError(`${line} (${formatBytes(total)} in all)`);
    shown = line;
  };
}
