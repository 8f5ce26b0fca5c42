import { sha256 } from '../../common/files.ts';

/** Says that what a topic tells has changed; the version differs from all recent ones. */
type Listener = (version: string) => void;

interface Topic {
  read: () => Promise<unknown>;
  version?: string;
  listeners: Set<Listener>;
}

/**
 * Looks at files at regular intervals for whoever listens: each topic is read once for all of its listeners, and
 * nothing is read when nobody listens.
 */
export class Topics {
  readonly #milliseconds: number;
  readonly #topics = new Map<string, Topic>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param milliseconds between two looks */
  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  /** The number of listeners. */
  get listeners(): number {
    return [...this.#topics.values()].reduce((sum, { listeners }) => sum + listeners.size, 0);
  }

  /**
   * Calls the listener with the version of a topic, soon and after each change.
   * @param read its content, plain JSON; an error counts as content
   * @returns a function that ends it
   */
  listen(name: string, read: Topic['read'], listener: Listener): () => void {
    const topic = this.#topics.get(name) ?? { read, listeners: new Set() };
    this.#topics.set(name, topic);
    topic.listeners.add(listener);
    if (topic.version !== undefined) listener(topic.version);
    this.#schedule(0);
    return () => {
      topic.listeners.delete(listener);
      if (topic.listeners.size === 0 && this.#topics.get(name) === topic) this.#topics.delete(name);
      if (this.#topics.size === 0) this.#cancel();
    };
  }

  /** Ends all looking, for good. */
  stop(): void {
    this.#stopped = true;
    this.#topics.clear();
    this.#cancel();
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(milliseconds: number): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setTimeout(() => void this.#look(), milliseconds);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const looked = [...this.#topics.values()];
    await Promise.all(looked.map((topic) => this.#lookAt(topic)));
    this.#timer = undefined;
    const isNew = [...this.#topics.values()].some((topic) => !looked.includes(topic));
    if (this.#topics.size > 0) this.#schedule(isNew ? 0 : this.#milliseconds);
  }

  async #lookAt(topic: Topic): Promise<void> {
    const content = await topic.read().catch((error: Error) => ({ error: error.message }));
    const version = sha256(JSON.stringify(content) ?? '').slice(0, 16);
    if (version === topic.version) return;
    topic.version = version;
    for (const listener of topic.listeners) listener(version);
  }
}
