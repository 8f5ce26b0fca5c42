export interface HubRepo {
  kind: 'model' | 'dataset';
  /** owner/name */
  id: string;
  /** A branch, a tag or a commit; `main` by default. */
  revision?: string | undefined;
}

export interface HubOptions {
  /** The cache folder, `~/.cache/huggingface/hub` in Python. */
  cache: string;
  endpoint?: string | undefined;
  token?: string | undefined;
  /** Called as bytes arrive. `done` and `total` count the bytes of all chosen files. */
  progress?: ((state: { file: string; done: number; total: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export const HUB_ENDPOINT = 'https://huggingface.co';
