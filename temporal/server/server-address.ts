import { InputError } from '../../common/errors.ts';

/** Default port of a Temporal server. */
const defaultPort = 7233;

export interface HostAndPort {
  host: string;
  port: number;
}

/**
 * Parses `HOST`, `HOST:PORT` or `[IPv6]:PORT`.
 * @param source name of the setting, for the message
 * @throws InputError
 */
export function parseAddress(text: string, source: string): HostAndPort {
  const { ipv6, name, port } =
    /^(?:\[(?<ipv6>[0-9a-f:.]+)\]|(?<name>[\w.-]+))(?::(?<port>\d{1,5}))?$/i.exec(text)?.groups ?? {};
  const number = port === undefined ? defaultPort : Number(port);
  const host = ipv6 ?? name;
  if (host === undefined || number < 1 || number > 65_535)
    throw new InputError(
      `${source} is ${JSON.stringify(text)}; expected HOST:PORT, such as 127.0.0.1:7233, without http:// and without spaces.`,
    );
  return { host, port: number };
}
