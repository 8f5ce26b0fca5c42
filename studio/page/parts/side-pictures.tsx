import { useSignal, useSignalEffect } from '@preact/signals';
import type { PictureList } from '../../server/picture-routes.ts';
import { ask } from '../data/client.ts';
import { addressOf, query } from '../data/route.ts';
import { ArmChoice } from './arm-choice.tsx';
import { Picture } from './picture.tsx';

/** The arm that is shown first, and the number of prompts. */
const [FIRST_ARM, FEW] = ['chosen', 6] as const;

/** The same prompts' pictures under the same arm of several runs. */
export function SidePictures({ runs }: { runs: readonly string[] }) {
  const lists = useSignal<(PictureList | undefined)[] | undefined>(undefined);
  const all = useSignal(false);
  useSignalEffect(() => {
    const read = (run: string) =>
      ask(`/api${addressOf.run(run)}/pictures`).then(
        (answer) => answer.json() as Promise<PictureList>,
        () => undefined,
      );
    void Promise.all(runs.map(read)).then((read) => (lists.value = read));
  });
  if (!lists.value) return null;
  const arms = [...new Set(lists.value.flatMap((list) => list?.arms ?? []))];
  const prompts = sharedPrompts(lists.value);
  if (arms.length === 0) return null;
  const arm = query.value.get('arm') ?? FIRST_ARM;
  return (
    <section aria-label="Pictures">
      <h2>The same prompts’ pictures</h2>
      <p class="bar">
        <ArmChoice arm={arm} arms={arms} />
        <span class="quiet">First picture of each test prompt, as the evaluation made it.</span>
      </p>
      {prompts.length === 0 && <p class="quiet">These runs keep no picture of a common prompt.</p>}
      {(all.value ? prompts : prompts.slice(0, FEW)).map((prompt) => (
        <PromptRow key={prompt} prompt={prompt} arm={arm} runs={runs} lists={lists.value!} />
      ))}
      {prompts.length > FEW && (
        <button type="button" onClick={() => (all.value = !all.value)}>
          {all.value ? 'Show fewer' : `Show all ${prompts.length} prompts`}
        </button>
      )}
    </section>
  );
}

/** Prompts of which at least two runs keep a picture. */
function sharedPrompts(lists: readonly (PictureList | undefined)[]): string[] {
  const counts = new Map<string, number>();
  for (const list of lists)
    for (const prompt of new Set(list?.prompts)) counts.set(prompt, (counts.get(prompt) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 1).map(([prompt]) => prompt);
}

interface PromptRowProps {
  prompt: string;
  arm: string;
  runs: readonly string[];
  lists: readonly (PictureList | undefined)[];
}

function PromptRow({ prompt, arm, runs, lists }: PromptRowProps) {
  return (
    <figure class="row">
      <figcaption>{prompt}</figcaption>
      <div class="pictures">
        {runs.map((run, i) => {
          const index = lists[i]?.prompts.indexOf(prompt) ?? -1;
          const isThere = index >= 0 && lists[i]!.arms.includes(arm);
          return (
            <span key={run} class={`sided curve-${i + 1}`}>
              {isThere ? (
                <Picture src={addressOf.picture(run, index, arm)} prompt={prompt} by={run} />
              ) : (
                <span class="picture missing quiet">none</span>
              )}
              <small>{run}</small>
            </span>
          );
        })}
      </div>
    </figure>
  );
}
