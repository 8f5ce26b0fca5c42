import { join } from 'node:path';
import { RunError } from '../../common/errors.ts';
import type { Arms, ArmSource } from './arms.ts';
import { candidates, type Candidate } from './candidates.ts';
import { type Sweep, PROMPT_ENGINEERING } from '../results.ts';
import { pathAt, tunedEncoders, tunedUnets } from '../comparison/setup.ts';
import { readResult } from '../../common/files/result-file.ts';

/** Baselines that tune a network. */
export type TunedBaseline = 'ddpo-encoder' | 'ddpo-unet' | 'direct';
/** Stages whose results are arms beside those of the tuned encoder. */
export type BaselineInput = TunedBaseline | 'prompt-engineering';

/**
 * Lists the candidates of each baseline present: its encoders at each blend, its UNets.
 * @param inputs artifacts by stage
 */
export async function baselineCandidates(
  inputs: Readonly<Partial<Record<TunedBaseline, string>>>,
  blends: readonly number[],
): Promise<Record<string, Candidate[]>> {
  const found: Record<string, Candidate[]> = {};
  for (const name of ['ddpo-encoder', 'direct'] as const) {
    const folder = inputs[name];
    if (folder === undefined) continue;
    found[name] = candidates({ encoders: await tunedEncoders(folder), unets: [], joint: false }, blends);
  }
  const unets = inputs['ddpo-unet'];
  if (unets !== undefined)
    found['ddpo-unet'] = (await tunedUnets(unets)).map(({ step, path }) => ({
      step: 0,
      blend: 0,
      unetStep: step,
      unet: path,
    }));
  return found;
}

/** Returns an arm for each baseline present, as chosen on validation prompts. @param inputs artifacts by stage */
export async function baselineArms(
  arms: Arms,
  inputs: Readonly<Partial<Record<BaselineInput, string>>>,
  { baselines = {} }: Sweep,
): Promise<ArmSource[]> {
  const sources: ArmSource[] = [];
  for (const [name, { chosen }] of Object.entries(baselines)) {
    const folder = inputs[name as TunedBaseline]!;
    // If nothing better was found, the original network was chosen, which has no file.
    const encoder = chosen.step === 0 ? undefined : pathAt(await tunedEncoders(folder), chosen.step);
    sources.push(arms.tuned(name, encoder, chosen.blend, pathAt(await tunedUnets(folder), chosen.unetStep)));
  }
  const folder = inputs['prompt-engineering'];
  if (folder === undefined) return sources;
  const { rewritten } = await readResult(PROMPT_ENGINEERING, folder);
  for (const [name, prompts] of Object.entries(rewritten))
    sources.push(
      arms.prompts(name, ({ id, prompt }) => {
        const other = prompts[id];
        if (other === undefined)
          throw new RunError(
            `${join(folder, PROMPT_ENGINEERING.name)}: arm ${name} has no prompt in place of "${prompt}".`,
          );
        return other;
      }),
    );
  return sources;
}
