import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '../common/errors.ts';
import { base, type Arms, type ArmSource } from './arms.ts';
import { tunedEncoders, tunedUnets } from './setup.ts';
import type { PromptEngineering } from './stages/prompt-engineering.ts';

/** The stages whose results are arms beside those of the tuned encoder. */
export type BaselineInput = 'ddpo-encoder' | 'ddpo-unet' | 'direct' | 'prompt-engineering';

/** An arm of each baseline that is there, at full strength after its last step. @param inputs artifacts by stage */
export async function baselineArms(
  arms: Arms,
  inputs: Readonly<Partial<Record<BaselineInput, string>>>,
): Promise<ArmSource[]> {
  const sources: ArmSource[] = [];
  for (const name of ['ddpo-encoder', 'direct'] as const) {
    const folder = inputs[name];
    if (folder !== undefined) sources.push(arms.blend(name, (await tunedEncoders(folder)).at(-1)!.path, 1));
  }
  const unets = inputs['ddpo-unet'];
  if (unets !== undefined) sources.push(arms.withUnet('ddpo-unet', base, (await tunedUnets(unets)).at(-1)!.path));
  const folder = inputs['prompt-engineering'];
  if (folder === undefined) return sources;
  const path = join(folder, 'prompt-engineering.json');
  const { rewritten } = JSON.parse(await readFile(path, 'utf8')) as PromptEngineering;
  for (const [name, prompts] of Object.entries(rewritten))
    sources.push(
      arms.prompts(name, ({ id, prompt }) => {
        const other = prompts[id];
        if (other === undefined) throw new RunError(`${path}: arm ${name} has no prompt in place of "${prompt}".`);
        return other;
      }),
    );
  return sources;
}
