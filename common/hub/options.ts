export interface HubRepo {
  kind: 'model' | 'dataset';
  /** owner/name */
  id: string;
  /** A branch, a tag or a commit; the branch main if it is left out. */
  revision?: string | undefined;
}

export interface HubOptions {
  /** The cache's folder, `~/.cache/huggingface/hub` for Python. */
  cache: string;
  endpoint?: string | undefined;
  token?: string | undefined;
  /** Called as bytes arrive. `done` and `total` count the bytes of all chosen files. */
  progress?: ((state: { file: string; done: number; total: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export const HUB_ENDPOINT = 'https://huggingface.co';
