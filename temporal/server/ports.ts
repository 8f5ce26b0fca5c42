import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { InputError } from '../../common/errors.ts';
import { reasonOf } from '../../common/text/reason.ts';

const host = '127.0.0.1';

/** A port of the loopback interface on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** The error of listening on a loopback port; undefined when it can be done. */
export function listenError(port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer().once('error', resolve);
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

/** @param option that asked for the port @throws InputError when nobody can listen there */
export async function checkFree(port: number, option: string): Promise<void> {
  const error = await listenError(port);
  if (!error) return;
  const reason =
    error.code === 'EADDRINUSE' ? 'another program listens there' : `nothing may listen there (${reasonOf(error)})`;
  throw new InputError(
    `Port ${port} of ${host} cannot be had: ${reason}. Choose another with ${option}, or leave it out.`,
  );
}

/** Whether something listens. A socket can be tried often; a refused gRPC connection waits a second. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
