import { capture, SetupError } from './failure.mjs';

/**
 * Finds the first C++ compiler among $CXX (which may include arguments), c++, g++ and clang++ that answers.
 * @returns {{ command: string, args: string[], version: string } | undefined}
 */
export function findCompiler() {
  for (const line of [process.env['CXX'], 'c++', 'g++', 'clang++']) {
    const [command, ...args] = (line ?? '').split(' ').filter(Boolean);
    if (!command) continue;
    const version = capture(command, [...args, '--version']);
    if (version.ok) return { command, args, version: version.stdout.split('\n')[0] ?? '' };
  }
  return undefined;
}

/** Advice for getting a C++ compiler. */
export const compilerAdvice = [
  'Debian, Ubuntu:  sudo apt-get install g++',
  'Fedora:          sudo dnf install gcc-c++',
  'macOS:           xcode-select --install',
  'or set CXX to the compiler to use.',
];

/** Returns the compiler. @throws SetupError that says how to get one */
export function requireCompiler() {
  const compiler = findCompiler();
  if (!compiler) throw new SetupError('No C++ compiler was found; it builds the TensorFlow add-on.', compilerAdvice);
  return compiler;
}
