import type { Bin, PromptCard } from '../../datasets/tables/dataset-card.ts';
import type { ReportedFilter, ReportData } from './report-data.ts';
import { count, percent } from './format-numbers.ts';
import { histogram } from './histogram.ts';
import { html, type Markup } from './markup.ts';

/** Renders the data card: what was read, what became of it and why, and statistics of the kept prompts. */
export function promptCard({ filter, splits, card }: ReportData): Markup {
  return html`<section aria-labelledby="prompts">
    <h2 id="prompts">Prompts</h2>
    ${card ? whatWasRead(filter, card.read) : undefined}
    <div class="scroll">${countTable(filter, splits, card?.read.malformed ?? 0)}</div>
    ${
      card
        ? html`<div class="charts prompt-charts">${charts(card)}</div>
            ${sourceTable(card)}`
        : undefined
    }
    ${examples({ malformed: card?.read.samples ?? [], ...filter.samples })}
  </section>`;
}

function whatWasRead({ read, kept }: ReportedFilter, { files, ignored, malformed }: PromptCard['read']): Markup {
  const records = read + malformed;
  return html`<p>
    ${count(records)} records in ${count(files)} ${files === 1 ? 'file' : 'files'}: ${count(kept)}
    (${percent(kept / Math.max(1, records))}) are
    kept.${malformed > 0 ? ` ${count(malformed)} could not be read.` : undefined}${ignored > 0 ? ` ${count(ignored)} other files were skipped.` : undefined}
  </p>`;
}

/** records = malformed + read, read = dropped + kept, kept = the splits. */
function countTable(filter: ReportedFilter, splits: Record<string, number>, malformed: number): Markup {
  const dropped = Object.entries(filter.dropped)
    .filter(([, n]) => n > 0)
    .sort(([, a], [, b]) => b - a);
  const row = (label: string, value: number, kind = ''): Markup =>
    html`<tr class="${kind}">
      <th scope="row">${label}</th>
      <td class="n">${count(value)}</td>
      <td>${bar(value, filter.read)}</td>
    </tr>`;
  return html`<table>
    <tbody>
      ${malformed > 0 ? row('malformed', malformed, 'dropped') : undefined}${row('read', filter.read)}${dropped.map(([reason, n]) => row(`dropped: ${reason}`, n, 'dropped'))}${row('kept', filter.kept)}${Object.entries(splits).map(([split, n]) => row(`· ${split}`, n, 'part'))}
    </tbody>
  </table>`;
}

const bar = (value: number, of: number): Markup =>
  html`<span class="bar" style="--share:${((100 * value) / Math.max(1, of)).toFixed(2)}%"></span>`;

function charts({ tokens, characters, copies }: PromptCard): (Markup | undefined)[] {
  const chart = (title: string, unit: string, bins: readonly Bin[]): Markup | undefined =>
    bins.length === 0
      ? undefined
      : histogram(
          title,
          unit,
          bins.map(({ label, prompts }) => ({ label: label.replace(' to ', '–'), value: prompts })),
        );
  return [
    chart('Lengths in tokens', 'tokens', tokens),
    chart('Lengths in characters', 'characters', characters),
    chart('Prompts read several times', 'times', copies),
  ];
}

function sourceTable({ sources, otherSources }: PromptCard): Markup | undefined {
  if (sources.length < 2) return undefined;
  const most = Math.max(sources[0]!.kept, otherSources.kept);
  const row = (name: string, kept: number): Markup =>
    html`<tr>
      <th scope="row">${name}</th>
      <td class="n">${count(kept)}</td>
      <td>${bar(kept, most)}</td>
    </tr>`;
  return html`<h3 class="subhead">Kept prompts by file</h3>
    <div class="scroll">
      <table>
        <tbody>
          ${sources.map(({ name, kept }) => row(name, kept))}${otherSources.files > 0 ? row(`${count(otherSources.files)} other files`, otherSources.kept) : undefined}
        </tbody>
      </table>
    </div>`;
}

/** The first prompts dropped for each reason, in a fold-out. */
function examples(samples: Record<string, readonly string[]>): Markup[] {
  return Object.entries(samples)
    .filter(([, prompts]) => prompts.length > 0)
    .map(
      ([reason, prompts]) =>
        html`<details>
          <summary>Examples of “${reason}”</summary>
          <ul>
            ${prompts.map((prompt) => html`<li>${prompt}</li>`)}
          </ul>
        </details>`,
    );
}
