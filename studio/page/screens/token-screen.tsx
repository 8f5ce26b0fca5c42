import { useSignal } from '@preact/signals';
import { enter } from '../data/client.ts';
import { Notice } from '../parts/notice.tsx';

/** Asks for the token of a studio that other machines can reach. */
export function TokenScreen() {
  const token = useSignal('');
  const wrong = useSignal(false);
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    wrong.value = !(await enter(token.value.trim().replace(/^.*#token=/, '')));
  };
  return (
    <form class="token" onSubmit={(event) => void send(event)}>
      <h1>This studio wants a token</h1>
      <p>
        Open the address that <code>textcraftor studio</code> printed, or paste it here.
      </p>
      <label>
        Token or address{' '}
        <input
          type="password"
          autocomplete="off"
          required
          value={token}
          onInput={({ currentTarget }) => (token.value = currentTarget.value)}
        />
      </label>{' '}
      <button type="submit">Open</button>
      {wrong.value && <Notice tone="bad">This is not the token that the studio printed last.</Notice>}
    </form>
  );
}
