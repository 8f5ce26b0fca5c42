import { useSignal, useSignalEffect } from '@preact/signals';
import { armLabel, interval, metricLabel, number, signed } from '../../../evaluation/report/format-numbers.ts';
import type { StudyResult } from '../../../api/studies/study-results.ts';
import { load, type Asked } from '../data/client.ts';
import { addressOf } from '../data/route.ts';
import { localTime } from '../data/state-words.ts';
import { Notice, Starting } from '../parts/notice.tsx';
import { ShareLine } from '../parts/share-line.tsx';

/** What people found in a blind comparison. */
export function StudyScreen({ id }: { id: string }) {
  const asked = useSignal<Asked<StudyResult>>({});
  useSignalEffect(() => {
    document.title = 'Blind comparison · TextCraftor studio';
    void load(asked, `/api${addressOf.study(id)}`);
  });
  const { value: study, error } = asked.value;
  return (
    <>
      <h1>What people found</h1>
      {error && <Notice tone="bad">{error.message}</Notice>}
      {!study && !error && <Starting what="the votes" />}
      {study && <Found study={study} />}
    </>
  );
}

function Found({ study }: { study: StudyResult }) {
  const { id, run, createdAt, pairs, same, damaged, raters } = study;
  return (
    <>
      <p class="meta">
        <a href={addressOf.run(run)}>{run}</a>
        <span>begun {localTime(createdAt)}</span>
        <span>
          {pairs} pairs{same > 0 && `; ${same} left out, as both arms made the same picture`}
        </span>
        <a href={addressOf.vote(id, '')}>Vote</a>
      </p>
      {damaged > 0 && (
        <Notice tone="bad">
          {damaged === 1 ? 'The file of 1 vote is' : `The files of ${damaged} votes are`} damaged: not counted.
        </Notice>
      )}
      {raters.length === 0 && <Notice>Nobody has voted yet.</Notice>}
      {raters.length > 0 && <Matches study={study} />}
      {study.strengths && <Strengths strengths={study.strengths} />}
      {raters.length > 0 && <Raters study={study} />}
      {raters.length > 0 && study.metrics.some(({ cases }) => cases > 0) && <Metrics metrics={study.metrics} />}
    </>
  );
}

function Matches({ study: { matches } }: { study: StudyResult }) {
  return (
    <section aria-label="Win rates">
      <h2>Win rates</h2>
      <p class="quiet">
        How often the second arm’s picture was called better, among the pairs in which a majority decided; Wilson’s 95 %
        interval.
      </p>
      <table class="cards">
        <thead>
          <tr>
            <th>second arm against the first</th>
            <th>win rate</th>
            <th class="n">pairs</th>
            <th class="n">ties</th>
            <th class="n">votes</th>
          </tr>
        </thead>
        <tbody>
          {matches.map(({ arms: [first, second], pairs, ties, votes, ...share }) => (
            <tr key={`${first} ${second}`}>
              <th scope="row">
                <b>{armLabel(second)}</b> against {armLabel(first)}
              </th>
              <td>
                <ShareLine {...share} />
              </td>
              <td class="n">{pairs}</td>
              <td class="n">{ties}</td>
              <td class="n">{votes}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Strengths({ strengths }: { strengths: NonNullable<StudyResult['strengths']> }) {
  const order = strengths.toSorted((a, b) => b.strength - a.strength);
  return (
    <section aria-label="Strengths">
      <h2>All arms on one scale</h2>
      <p class="quiet">
        Bradley-Terry: log odds of winning against {armLabel(strengths[0]!.name)}, which has 0, with 95 % bootstrap
        intervals over prompts.
      </p>
      <table>
        <tbody>
          {order.map(({ name, strength, ci95 }) => (
            <tr key={name}>
              <th scope="row">{armLabel(name)}</th>
              <td class="n">
                <b class="number">{signed(strength)}</b>
              </td>
              <td>
                <small>{name === strengths[0]!.name ? 'by definition' : interval(ci95)}</small>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Krippendorff's own limits: above 0.8 conclusions hold, between 0.667 and 0.8 tentative ones. */
const wordFor = (alpha: number): string =>
  alpha >= 0.8 ? 'they agree' : alpha >= 0.667 ? 'they agree tolerably' : 'they do not agree well';

function Raters({ study: { raters, agreement, pairs } }: { study: StudyResult }) {
  return (
    <section aria-label="People">
      <h2>People</h2>
      <p>{raters.map(({ rater, votes }) => `${rater}: ${votes} of ${pairs}`).join(' · ')}</p>
      <p class="quiet">
        {!agreement && 'Agreement can be told when two people have judged the same pair.'}
        {agreement &&
          agreement.alpha === null &&
          'All votes on shared pairs are the same, so chance agreement is unknown.'}
        {agreement && agreement.alpha !== null && (
          <>
            Krippendorff’s alpha <b class="number">{number(agreement.alpha)}</b> over {agreement.pairs} pairs with
            several votes: {wordFor(agreement.alpha)} (1: always; 0: as often as chance).
          </>
        )}
      </p>
    </section>
  );
}

function Metrics({ metrics }: { metrics: StudyResult['metrics'] }) {
  const known = metrics.filter(({ cases }) => cases > 0);
  return (
    <section aria-label="Metrics and people">
      <h2>Metrics that agree with people</h2>
      <p class="quiet">How often a metric preferred the picture that the majority did; one half is chance.</p>
      <table class="cards">
        <tbody>
          {known
            .toSorted((a, b) => b.share! - a.share!)
            .map(({ metric, ...share }) => (
              <tr key={metric}>
                <th scope="row">{metricLabel(metric)}</th>
                <td>
                  <ShareLine {...share} />
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}
