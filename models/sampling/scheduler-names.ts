/** Schedulers: the methods of sampling, by diffusers' names without their endings. */
export const schedulerNames = ['ddim', 'pndm', 'dpm-solver++', 'euler'] as const;
export type SchedulerName = (typeof schedulerNames)[number];
