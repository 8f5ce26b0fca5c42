import { armFault, type Fault } from '../../common/fault-points.ts';
import { filterPrompts } from '../../datasets/stages/filter.ts';

// A process that filters. Arguments: those of the stage as JSON, and the fault point at which it dies.

type Given = Omit<Parameters<typeof filterPrompts>[0], 'progress' | 'signal'> & { fault?: Fault };
const { fault, ...given } = JSON.parse(process.argv[2]!) as Given;
armFault(fault);
await filterPrompts({ ...given, progress: () => {}, signal: new AbortController().signal }, 800);
