export { backfill, retrain } from './retrain.ts';
export { runItems } from './run-items.ts';
export { runPipeline } from './run-pipeline.ts';
export { runSegments } from './run-segments.ts';
export {
  unknownType as default,
  unknownType as constructor,
  unknownType as hasOwnProperty,
  unknownType as isPrototypeOf,
  unknownType as propertyIsEnumerable,
  unknownType as toLocaleString,
  unknownType as toString,
  unknownType as valueOf,
  unknownType as __defineGetter__,
  unknownType as __defineSetter__,
  unknownType as __lookupGetter__,
  unknownType as __lookupSetter__,
} from './unknown-type.ts';
