import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

export interface WipeProps {
  prompt: string;
  /** The picture on the left of the line, and the one on its right. */
  left: { label: string; src: string };
  right: { label: string; src: string };
  onClose: () => void;
}

/** Two pictures on top of each other at full size, with a line to wipe from one to the other. */
export function Wipe({ prompt, left, right, onClose }: WipeProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const share = useSignal(50);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="wipe" onClose={onClose} aria-label={`Two pictures of: ${prompt}`}>
      <p>{prompt}</p>
      <div class="layers">
        <img src={right.src} alt={`${right.label}, on the right`} />
        <img
          src={left.src}
          alt={`${left.label}, on the left`}
          style={{ clipPath: `inset(0 ${100 - share.value}% 0 0)` }}
        />
      </div>
      <label>
        <span>{left.label}</span>
        <input
          type="range"
          min="0"
          max="100"
          value={share}
          aria-label={`Share of ${left.label} that is shown, in percent`}
          onInput={({ currentTarget }) => (share.value = Number(currentTarget.value))}
        />
        <span>{right.label}</span>
      </label>
      <button type="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
