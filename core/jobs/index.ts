export { Cron, type CronEntry } from './cron.ts';
export { listJobs, queueDepth, retryJobs, sweepJobs, type JobSummary } from './dead-letters.ts';
export { JobQueue, leaseMs } from './job-queue.ts';
export { JobRegistry } from './job-registry.ts';
export { backoff, Worker } from './worker.ts';
export { Hopeless, TryLater, type Job, type JobDefinition, type JobHandler, type JobRun, type Lane, type NewJob } from './types.ts';
