export { backfill, retrain } from './retrain.ts';
export { runItems } from './run-items.ts';
export { runPipeline } from './run-pipeline.ts';
export { runSegments } from './run-segments.ts';
