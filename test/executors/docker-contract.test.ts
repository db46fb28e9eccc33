import { describeExecutor } from './contract.ts';
import { docker, dockerOverSsh, dockerOverTls } from './subjects/docker.ts';

describeExecutor('docker', docker);
describeExecutor('docker over TLS', dockerOverTls);
describeExecutor('docker over SSH', dockerOverSsh);
