import { expect, test } from 'vitest';
import { formatStatistics } from '../../cli/prompts/show-prompts.ts';
import type { PromptStatistics } from '../../datasets/tables/preview.ts';

const spread = { min: 1, median: 2, p95: 3, max: 4 };
const statistics = {
  read: 2,
  kept: 2,
  malformed: 0,
  blank: 0,
  comments: 0,
  truncated: 0,
  changed: {},
  dropped: {},
  samples: {},
  characters: spread,
  tokens: spread,
  sources: [],
  splits: {},
} as unknown as PromptStatistics;

test('the statistics of prompts count the weights and flags that they keep, if their filter did', () => {
  expect(formatStatistics({ ...statistics, left: { weights: 1, flags: 0 } })).toMatch(/with weights +1/);
  expect(formatStatistics(statistics)).not.toContain('with weights');
});
