import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { InputError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { authority, isLoopback, type StudioAddress } from './guard.ts';
import { readPage } from './page-files.ts';
import { makeStudio } from './studio-app.ts';

export interface ServeOptions {
  home: Home;
  /** Folder of the built page. */
  page: string;
  host: string;
  /** 0: any free one. */
  port: number;
  onError?: (error: Error) => void;
}

/** A studio that listens. */
export interface ServedStudio {
  /** The page's address, with the token where it needs one. */
  url: string;
  close(): Promise<void>;
}

/**
 * Starts the studio. Hosts that other machines can reach get a new token.
 * @throws InputError when the port is taken or the host is not this machine's
 */
export async function serveStudio({ home, page, host, port, onError }: ServeOptions): Promise<ServedStudio> {
  const files = await readPage(page);
  const server = createServer();
  const token = isLoopback(host) ? undefined : randomBytes(32).toString('base64url');
  await listen(server, host, port);
  const address: StudioAddress = { host, port: (server.address() as AddressInfo).port, token };
  const { app, topics } = makeStudio({ home, address, page: files, onError });
  server.on('request', getRequestListener(app.fetch));
  return {
    url: `http://${authority(host, address.port)}/${token === undefined ? '' : `#token=${token}`}`,
    async close() {
      topics.stop();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new InputError(`Port ${port} of ${host} is taken; choose another: textcraftor studio --port N`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new InputError(`${host} is not an address of this machine; expected one of its own, such as 127.0.0.1.`);
    if (code === 'EACCES') throw new InputError(`Port ${port} may not be used by you; choose one above 1023.`);
    throw error;
  }
}
