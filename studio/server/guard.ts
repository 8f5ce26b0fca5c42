import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { refuse } from './answers.ts';

/** Where the studio listens, and the token that it wants where others can reach it. */
export interface StudioAddress {
  /** A name or address of this machine. */
  host: string;
  port: number;
  token?: string | undefined;
}

const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];
const EVERY = ['0.0.0.0', '::'];

/** Returns whether only this machine can reach a host. */
export const isLoopback = (host: string): boolean => LOOPBACK.includes(host);

/** Returns the host and port as they stand in an address: `[::1]:4040`. */
export const authority = (host: string, port: number): string => `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;

/** The name of the cookie; cookies are shared by all ports of a host. */
export const cookieName = ({ port }: StudioAddress): string => `textcraftor-studio-${port}`;

/** Returns whether a text is the token, in a time that does not tell how much of it was right. */
export function isToken(given: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

/**
 * Refuses requests under another name than the studio's own: a page whose name was made to point here would otherwise
 * count as the same site (DNS rebinding). An address cannot be made to point elsewhere.
 */
export function requireHost({ host, port }: StudioAddress): MiddlewareHandler {
  const names = [...LOOPBACK, host, ...(EVERY.includes(host) ? [hostname().toLowerCase()] : [])];
  const known = new Set(names.map((name) => authority(name.toLowerCase(), port)));
  return async (context, next) => {
    const given = (context.req.header('host') ?? '').toLowerCase();
    if (!known.has(given) && !(EVERY.includes(host) && isAddress(given, port)))
      return refuse(context, 403, 'HostError', 'This server does not answer to that host name.');
    return next();
  };
}

function isAddress(given: string, port: number): boolean {
  const end = `:${port}`;
  return given.endsWith(end) && isIP(given.slice(0, -end.length).replace(/^\[(.*)\]$/, '$1')) > 0;
}

/** Refuses orders and readings by pages of other sites. */
export function requireOrigin(): MiddlewareHandler {
  return async (context, next) => {
    const { req } = context;
    const isReading = req.method === 'GET' || req.method === 'HEAD';
    const origin = req.header('origin');
    const own = `http://${req.header('host')?.toLowerCase()}`;
    const site = req.header('sec-fetch-site');
    const isOther = (origin ?? own) !== own || (site !== undefined && site !== 'same-origin' && site !== 'none');
    if (isOther || (!isReading && origin === undefined))
      return refuse(context, 403, 'OriginError', 'Only the studio’s own page may ask for this.');
    return next();
  };
}

/** Refuses requests without the cookie that a token was exchanged for. */
export function requireToken(address: StudioAddress): MiddlewareHandler {
  const { token } = address;
  return async (context, next) => {
    if (token !== undefined && !isToken(getCookie(context, cookieName(address)), token))
      return refuse(context, 401, 'TokenError', 'Open the address that textcraftor studio printed, with its token.');
    return next();
  };
}

/** No inline script or style, nothing from elsewhere, no frame around it. */
const POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'", "frame-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

/** Sets the headers that every answer has; a route may set its own policy. */
export function secureHeaders(): MiddlewareHandler {
  return async (context, next) => {
    await next();
    const { headers } = context.res;
    if (!headers.has('Content-Security-Policy')) headers.set('Content-Security-Policy', POLICY);
    if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store');
    headers.set('X-Content-Type-Options', 'nosniff');
    headers.set('Referrer-Policy', 'no-referrer');
    headers.set('Cross-Origin-Opener-Policy', 'same-origin');
    headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  };
}
