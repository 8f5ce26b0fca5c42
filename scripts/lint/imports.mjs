// Checks the imports of every folder that has modules (.dependency-cruiser.mjs).
import { spawnSync } from 'node:child_process';
import { filesOfCheckout, sourceFolders } from './source-files.mjs';

const cruiser = 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs';
const { status } = spawnSync(process.execPath, [cruiser, ...sourceFolders(filesOfCheckout())], { stdio: 'inherit' });
process.exitCode = status ?? 1;
