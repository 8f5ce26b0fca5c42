/** The ways from noise to picture, as diffusers names them without their endings. */
export const solverNames = ['ddim', 'pndm', 'dpm-solver++', 'euler'] as const;
export type SolverName = (typeof solverNames)[number];
