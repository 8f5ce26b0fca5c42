import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import type { WorldName } from '../scenes/common/world-names.ts';
import { checkGallery } from './check/check-gallery.ts';
import { checkShapes } from './check/check-shapes.ts';
import { Gates, type Gate } from './check/gates.ts';

/** Measures an embedded world on data that none of its models has seen in training. */
export async function checkWorld(name: WorldName, folder: string, log: (line: string) => void): Promise<Gate[]> {
  const gates = new Gates(log);
  const check = { shapes: checkShapes, gallery: checkGallery }[name];
  await check(folder, await loadPipeline(`${folder}/base`), gates);
  return gates.all;
}
