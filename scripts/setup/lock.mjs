import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tools } from './paths.mjs';

const file = join(tools, 'setup.lock');

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * Takes the lock file, also from an owner that has ended.
 * @returns {boolean} false while another set-up holds it
 */
function take() {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  }
  // An empty file belongs to a set-up that has made it and not written it yet.
  const owner = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (!owner || isAlive(owner)) return false;
  rmSync(file, { force: true });
  return take();
}

/**
 * Runs `body` when no other set-up of this checkout runs; waits for one that does.
 * @param {() => void} body
 */
export async function exclusively(body) {
  mkdirSync(tools, { recursive: true });
  for (let told = false; !take(); told = true) {
    if (!told) console.error(`Waiting for another set-up of this checkout to end (if there is none, delete ${file}).`);
    await sleep(200);
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    body();
  } finally {
    release();
    process.off('exit', release);
  }
}
