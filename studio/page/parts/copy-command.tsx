import { useSignal } from '@preact/signals';

/** A command for a terminal, with a button that copies it. */
export function CopyCommand({ command, what }: { command: string; what: string }) {
  const said = useSignal('');
  const copy = async () => {
    // Where the page is not secure (another machine's address), a browser has no clipboard.
    said.value = await navigator.clipboard?.writeText(command).then(
      () => 'copied',
      () => 'not copied',
    );
    said.value ??= 'select and copy it';
  };
  return (
    <li class="command">
      <span class="quiet">{what}</span>
      <code>{command}</code>
      <button type="button" onClick={() => void copy()} aria-label={`Copy the command: ${command}`}>
        Copy
      </button>
      <span class="quiet" role="status">
        {said}
      </span>
    </li>
  );
}
