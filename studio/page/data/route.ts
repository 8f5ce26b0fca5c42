import { signal } from '@preact/signals';

/** A screen and what it shows. */
export type Route =
  | { screen: 'runs' }
  | { screen: 'run'; run: string }
  | { screen: 'result'; run: string }
  | { screen: 'compare'; runs: string[] }
  | { screen: 'unknown' };

/** Reads the screen of an address. */
export function routeOf({ pathname, searchParams }: URL): Route {
  const [, first = '', run = '', last, ...more] = pathname.split('/').map(decode);
  if (first === '' && run === '') return { screen: 'runs' };
  if (first === 'compare' && run === '') return { screen: 'compare', runs: searchParams.getAll('run') };
  if (first !== 'runs' || run === '' || more.length > 0) return { screen: 'unknown' };
  if (last === undefined || last === '') return { screen: 'run', run };
  return last === 'result' ? { screen: 'result', run } : { screen: 'unknown' };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The addresses of screens. */
export const addressOf = {
  run: (run: string) => `/runs/${encodeURIComponent(run)}`,
  result: (run: string) => `/runs/${encodeURIComponent(run)}/result`,
  compare: (runs: readonly string[]) => `/compare?${runs.map((run) => `run=${encodeURIComponent(run)}`).join('&')}`,
};

/** What the page shows now. */
export const route = signal<Route>({ screen: 'runs' });

/** Follows the browser's address, and the page's own links without loading the page again. */
export function listenToAddresses(): void {
  const follow = (): void => {
    route.value = routeOf(new URL(location.href));
  };
  addEventListener('popstate', follow);
  addEventListener('click', (event) => {
    const link = (event.target as Element | null)?.closest<HTMLAnchorElement>('a[href]');
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || link.target || link.origin !== location.origin) return;
    if (link.pathname.startsWith('/api/') || link.getAttribute('href')!.startsWith('#')) return;
    event.preventDefault();
    goTo(link.href);
  });
  follow();
}

/** Shows another address of the page. */
export function goTo(address: string): void {
  history.pushState(undefined, '', address);
  route.value = routeOf(new URL(location.href));
  scrollTo(0, 0);
  document.querySelector<HTMLElement>('main')?.focus();
}
