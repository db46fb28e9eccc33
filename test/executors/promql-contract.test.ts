import { describeExecutor } from './contract.ts';
import { promql } from './subjects/promql.ts';

describeExecutor('promql', promql);
