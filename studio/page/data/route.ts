import { signal } from '@preact/signals';

/** A screen and what it shows. */
export type Route =
  | { screen: 'runs' }
  | { screen: 'run'; run: string }
  | { screen: 'result'; run: string }
  | { screen: 'compare'; runs: string[] }
  | { screen: 'studies' }
  | { screen: 'study'; study: string }
  | { screen: 'vote'; study: string }
  | { screen: 'unknown' };

/** Reads the screen of an address. */
export function routeOf({ pathname, searchParams }: URL): Route {
  const [, first = '', id = '', last = '', ...more] = pathname.split('/').map(decode);
  if (more.length > 0) return { screen: 'unknown' };
  switch (first) {
    case '':
      return id === '' ? { screen: 'runs' } : { screen: 'unknown' };
    case 'compare':
      return id === '' ? { screen: 'compare', runs: searchParams.getAll('run') } : { screen: 'unknown' };
    case 'runs':
      if (id !== '' && last === '') return { screen: 'run', run: id };
      return id !== '' && last === 'result' ? { screen: 'result', run: id } : { screen: 'unknown' };
    case 'studies':
      if (id === '') return { screen: 'studies' };
      if (last === '') return { screen: 'study', study: id };
      return last === 'vote' ? { screen: 'vote', study: id } : { screen: 'unknown' };
    default:
      return { screen: 'unknown' };
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const part = encodeURIComponent;

/** The addresses of screens; below `/api` the same ones answer with what the screens show. */
export const addressOf = {
  run: (run: string) => `/runs/${part(run)}`,
  result: (run: string) => `/runs/${part(run)}/result`,
  picture: (run: string, index: number, arm: string) => `/api/runs/${part(run)}/pictures/${index}/${part(arm)}`,
  compare: (runs: readonly string[]) => `/compare?${runs.map((run) => `run=${part(run)}`).join('&')}`,
  studies: '/studies',
  study: (study: string) => `/studies/${part(study)}`,
  vote: (study: string, rater: string) => `/studies/${part(study)}/vote?rater=${part(rater)}`,
};

/** What the page shows now. */
export const route = signal<Route>({ screen: 'runs' });
/** What the address says after its question mark. */
export const query = signal(new URLSearchParams());

function follow(): void {
  const url = new URL(location.href);
  query.value = url.searchParams;
  route.value = routeOf(url);
}

/** Follows the browser's address, and the page's own links without loading the page again. */
export function listenToAddresses(): void {
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
  follow();
  scrollTo(0, 0);
  document.querySelector<HTMLElement>('main')?.focus();
}

/** Changes what the address says after its question mark, without a new entry in the history; undefined removes it. */
export function setQuery(changes: Readonly<Record<string, string | readonly string[] | undefined>>): void {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    url.searchParams.delete(name);
    for (const each of value === undefined ? [] : [value].flat()) url.searchParams.append(name, each as string);
  }
  history.replaceState(undefined, '', url);
  query.value = url.searchParams;
}
