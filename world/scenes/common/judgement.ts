/** Share of a picture that a render must explain for the picture to show anything. */
export const leastValidity = 0.5;

/** What a picture is said to show, compared with what was asked for. */
export interface Judgement<S> {
  readonly correct: Partial<Record<keyof S, boolean>>;
  /** 1 when every requested attribute is right and the picture is valid. */
  readonly strict: 0 | 1;
  /** Share of the requested attributes that are right; 0 for an invalid picture. */
  readonly soft: number;
}

/** Compares a reading with the requested attributes (all, or those that a prompt names). */
export function judge<S extends object>(
  { scene, validity }: { readonly scene: S; readonly validity: number },
  asked: Partial<S>,
  attributes: readonly (keyof S)[],
): Judgement<S> {
  const names = attributes.filter((name) => asked[name] !== undefined);
  const valid = validity >= leastValidity;
  const correct: Partial<Record<keyof S, boolean>> = {};
  for (const name of names) correct[name] = valid && scene[name] === asked[name];
  const right = names.filter((name) => correct[name]).length;
  const strict = valid && right === names.length ? 1 : 0;
  return { correct, strict, soft: names.length === 0 ? Number(valid) : right / names.length };
}
