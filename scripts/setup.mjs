#!/usr/bin/env node
/**
 * Sets up the checkout so that everything runs, with nothing but Node, Python with pip, and a C++ compiler. Does only
 * what is missing, so it may be called before every command.
 *
 *   node scripts/setup.mjs [--gpu | --cpu] [--quiet]
 */
import { addonIsBuilt, buildAddon } from './setup/addon.mjs';
import { requireCompiler } from './setup/compiler.mjs';
import { commandIsLinked, dependenciesAreInstalled, installDependencies, linkCommand } from './setup/dependencies.mjs';
import { SetupError } from './setup/failure.mjs';
import { exclusively } from './setup/lock.mjs';
import { requirePython } from './setup/python.mjs';
import { buildStudio, studioIsBuilt } from './setup/studio-page.mjs';
import { findTemporal, installTemporal } from './setup/temporal.mjs';
import { installTensorflow, tensorflowIsInstalled } from './setup/tensorflow.mjs';

const options = new Set(process.argv.slice(2));
const build = options.has('--gpu') ? 'gpu' : options.has('--cpu') ? 'cpu' : undefined;

/** @type {{ name: string, needs?: () => unknown, done: () => boolean, run: () => void }[]} */
const steps = [
  { name: 'npm packages', done: dependenciesAreInstalled, run: installDependencies },
  {
    name: build === 'gpu' ? 'TensorFlow with CUDA (about 3 GB to download)' : 'TensorFlow (about 270 MB to download)',
    needs: requirePython,
    done: () => tensorflowIsInstalled(build),
    run: () => installTensorflow(build ?? 'cpu'),
  },
  { name: 'TensorFlow add-on', needs: requireCompiler, done: addonIsBuilt, run: buildAddon },
  {
    name: 'Temporal (about 42 MB to download)',
    needs: requirePython,
    done: () => findTemporal() !== undefined,
    run: installTemporal,
  },
  { name: "the studio's page", done: studioIsBuilt, run: buildStudio },
  { name: 'the textcraftor command', done: commandIsLinked, run: linkCommand },
];

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    throw new SetupError(`Node ${process.versions.node} is too old: install 20.19, 22 or 24.`, [
      'Get it from https://nodejs.org, or with nvm: nvm install 24',
    ]);
}

/** Reports everything that is missing at once, before anything is downloaded. */
function checkNeeds() {
  const needs = new Set(steps.filter((step) => !step.done()).flatMap((step) => step.needs ?? []));
  const problems = [];
  for (const need of needs) {
    try {
      need();
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new SetupError(problems.join('\n'));
}

function runSteps() {
  checkNeeds();
  for (const [i, step] of steps.entries()) {
    if (step.done()) continue;
    const start = performance.now();
    process.stderr.write(`Setting up, ${i + 1} of ${steps.length}: ${step.name} ...\n`);
    step.run();
    process.stderr.write(`  done in ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  }
}

try {
  const unknown = [...options].filter((option) => !['--gpu', '--cpu', '--quiet'].includes(option));
  if (unknown.length > 0)
    throw new SetupError(`Unknown option ${unknown.join(' ')}.`, ['Options: --gpu, --cpu, --quiet']);
  checkNode();
  if (!steps.every((step) => step.done())) await exclusively(runSteps);
  if (!options.has('--quiet')) console.log('Everything is set up. `npx textcraftor doctor` shows what there is.');
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
