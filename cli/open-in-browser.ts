import { spawn } from 'node:child_process';
import { printMessage } from './print.ts';

/** The desktop's program that opens a file or an address with what is set for it. */
const openers: Partial<Record<NodeJS.Platform, string>> = { darwin: 'open', win32: 'explorer.exe' };

/** Hands a file or an address to the desktop, without a shell; without a desktop, what was printed has to do. */
export function openInBrowser(what: string): void {
  const command = openers[process.platform] ?? 'xdg-open';
  const child = spawn(command, [what], { stdio: 'ignore', detached: true });
  child.on('error', () => printMessage(`${command} was not found; open ${what} yourself.`));
  child.unref();
}
