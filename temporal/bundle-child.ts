import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { writeFileAtomic } from '../common/files.ts';
import { sealCode } from './sealed-code.ts';

// Bundles workflows: bundle-child.ts WORKFLOWS FILE

const [workflowsPath = '', file = ''] = process.argv.slice(2);
const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
await writeFileAtomic(file, sealCode(code));
