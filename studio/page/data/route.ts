import { signal } from '@preact/signals';
import { routeOf, type Route } from './addresses.ts';

export { addressOf } from './addresses.ts';

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
