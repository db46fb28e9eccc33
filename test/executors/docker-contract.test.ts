import { describeExecutor } from './contract.ts';
import { docker } from './subjects/docker.ts';

describeExecutor('docker', docker);
