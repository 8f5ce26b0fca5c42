import type { ComponentChildren } from 'preact';

/** A sentence that a reader has to see. */
export function Notice({ tone = 'quiet', children }: { tone?: 'bad' | 'quiet'; children: ComponentChildren }) {
  return (
    <p class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {children}
    </p>
  );
}

/** Shown until the first answer is there. */
export function Starting({ what }: { what: string }) {
  return (
    <p class="notice quiet" role="status">
      Reading {what} …
    </p>
  );
}
