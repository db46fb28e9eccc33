import { describeExecutor } from './contract.ts';
import { shellOverSsh } from './subjects/ssh.ts';

describeExecutor('sh over ssh', shellOverSsh);
