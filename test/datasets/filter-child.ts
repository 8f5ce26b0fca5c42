import { filterPrompts } from '../../datasets/stages/filter.ts';

// A process that filters: arguments of the stage as JSON. It is there to be killed.

const given = JSON.parse(process.argv[2]!) as Omit<Parameters<typeof filterPrompts>[0], 'progress' | 'signal'>;
await filterPrompts({ ...given, progress: () => {}, signal: new AbortController().signal }, 800);
