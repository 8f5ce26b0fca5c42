import { useSignal } from '@preact/signals';
import { armLabel, metricLabel, signed } from '../../../evaluation/report/format-numbers.ts';
import type { PromptResult, RunResult } from '../../../api/watch/run-result.ts';
import { addressOf, query, setQuery } from '../data/route.ts';
import { Picture } from './picture.tsx';
import { Wipe } from './wipe.tsx';

/** Prompts that are shown at first, and by each press of the button. */
const FEW = 12;

/** Orders of the prompts: the first has the greatest value. */
const ORDERS: Record<string, { label: string; of: (prompt: PromptResult) => number }> = {
  asked: { label: 'as evaluated', of: () => 0 },
  gain: { label: 'gain', of: ({ gain }) => gain },
  loss: { label: 'loss', of: ({ gain }) => -gain },
  disagreement: {
    label: 'disagreement',
    of: ({ gain, judged }) => (judged === null ? -Infinity : gain - judged),
  },
};

/** What an arm gained prompt by prompt, with search and sorting; pictures open in a wipe. */
export function PromptResults({ result }: { result: RunResult }) {
  const shown = useSignal(FEW);
  const wiped = useSignal<PromptResult | undefined>(undefined);
  const { run, arm, judge } = result;
  const order = ORDERS[query.value.get('sort') ?? 'asked'] ?? ORDERS['asked']!;
  const find = (query.value.get('find') ?? '').toLowerCase();
  const isAll = query.value.get('prompts') === 'all';
  const found = result.prompts
    .filter(({ prompt, picture }) => prompt.toLowerCase().includes(find) && (isAll || picture !== undefined))
    .toSorted((a, b) => order.of(b) - order.of(a));
  const close = () => (wiped.value = undefined);
  return (
    <section aria-label="Prompts">
      <h2>Prompt by prompt</h2>
      <p class="quiet">
        Gains over the base in its standard deviations: the mean of the trained rewards
        {judge &&
          `, and ${metricLabel(judge)}, which was not trained on. Where the first rises and the other falls, the rewards may be gamed: sort by disagreement`}
        .
      </p>
      <Controls />
      <p class="quiet" role="status">
        {found.length} of {result.prompts.length} prompts
      </p>
      <ol class="prompts">
        {found.slice(0, shown.value).map((prompt, i) => (
          <PromptLine
            key={`${i} ${prompt.prompt}`}
            line={prompt}
            result={result}
            onWipe={() => (wiped.value = prompt)}
          />
        ))}
      </ol>
      {found.length > shown.value && (
        <button type="button" onClick={() => (shown.value += 4 * FEW)}>
          Show more
        </button>
      )}
      {wiped.value?.picture !== undefined && (
        <Wipe
          prompt={wiped.value.prompt}
          left={{ label: 'base', src: addressOf.picture(run, wiped.value.picture, 'base') }}
          right={{ label: armLabel(arm), src: addressOf.picture(run, wiped.value.picture, arm) }}
          onClose={close}
        />
      )}
    </section>
  );
}

function Controls() {
  const sort = query.value.get('sort') ?? 'asked';
  return (
    <div class="bar">
      <fieldset class="choices">
        <legend class="unseen">Sort the prompts</legend>
        {Object.entries(ORDERS).map(([name, { label }]) => (
          <label key={name}>
            <input
              type="radio"
              name="sort"
              checked={sort === name}
              onChange={() => setQuery({ sort: name === 'asked' ? undefined : name })}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      <label>
        Find{' '}
        <input
          type="search"
          value={query.value.get('find') ?? ''}
          onInput={({ currentTarget }) => setQuery({ find: currentTarget.value || undefined })}
        />
      </label>
      <label>
        <input
          type="checkbox"
          checked={query.value.get('prompts') === 'all'}
          onChange={({ currentTarget }) => setQuery({ prompts: currentTarget.checked ? 'all' : undefined })}
        />{' '}
        also those without pictures
      </label>
    </div>
  );
}

interface PromptLineProps {
  line: PromptResult;
  result: RunResult;
  onWipe: () => void;
}

function PromptLine({ line: { prompt, picture, gain, judged }, result: { run, arm, judge }, onWipe }: PromptLineProps) {
  const disagrees = gain > 0 && judged !== null && judged < 0;
  return (
    <li>
      {picture !== undefined && (
        <button type="button" class="pair" onClick={onWipe} aria-label={`Compare the pictures of: ${prompt}`}>
          <Picture src={addressOf.picture(run, picture, 'base')} prompt={prompt} by="base" />
          <Picture src={addressOf.picture(run, picture, arm)} prompt={prompt} by={arm} />
        </button>
      )}
      <span class="asked">{prompt}</span>
      <span class="gains">
        rewards <b class="number">{signed(gain)}</b>
        {judge && (
          <>
            , {metricLabel(judge)} <b class="number">{judged === null ? '–' : signed(judged)}</b>
          </>
        )}
        {disagrees && <span class="state bad"> ▼ disagree</span>}
      </span>
    </li>
  );
}
