import { describeExecutor } from './contract.ts';
import { shellAsJob } from './subjects/job.ts';

describeExecutor('sh as a Job', shellAsJob);
