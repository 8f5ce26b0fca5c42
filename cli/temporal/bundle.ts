import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFileAtomic } from '../../common/files.ts';
import { digestCode } from '../../pipeline/code.ts';
import { checkout } from '../../pipeline/config-file.ts';

const source = 'workflows/index.ts';

/** The workflows as one file for the worker. It is made once for a version of the code, since that takes a second or two. */
export async function bundleWorkflows(folder: string): Promise<{ codePath: string }> {
  const { sha256 } = await digestCode(source, checkout);
  const codePath = join(folder, `${sha256.slice(0, 16)}.js`);
  if (!existsSync(codePath)) {
    const workflowsPath = fileURLToPath(new URL(`../../${source}`, import.meta.url));
    const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
    await writeFileAtomic(codePath, code);
  }
  return { codePath };
}
