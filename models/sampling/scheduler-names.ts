/** Schedulers: the methods of sampling, by diffusers' names without their endings. */
export const solverNames = ['ddim', 'pndm', 'dpm-solver++', 'euler'] as const;
export type SolverName = (typeof solverNames)[number];
