import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { InputError } from '../../common/errors.ts';
import { reasonOf } from '../../common/text/reason.ts';

const host = '127.0.0.1';

/** Finds a port of the loopback interface on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Tries to listen on a loopback port. @returns the error; undefined when it succeeds */
export function listenError(port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer().once('error', resolve);
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

/** Checks that a port is free. @param option that requested it @throws InputError when it is not */
export async function checkFree(port: number, option: string): Promise<void> {
  const error = await listenError(port);
  if (!error) return;
  const reason =
    error.code === 'EADDRINUSE' ? 'another program listens there' : `nothing may listen there (${reasonOf(error)})`;
  throw new InputError(`Port ${port} of ${host} cannot be used: ${reason}. Choose another with ${option}, or omit it.`);
}

/**
 * Returns whether something listens. Uses a plain socket, since a refused gRPC connection waits a second before it
 * retries.
 */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
