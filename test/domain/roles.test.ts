import { describe, expect, test } from 'vitest';
import { groupsInRoles, hasRole, isOneOf, type Role, type RoleHolders } from '../../src/domain/roles.ts';
import { person } from '../support/desk.ts';

const holders: RoleHolders = {
  '*': { admin: ['UADMIN'], approver: ['S0SRE'] },
  shop: { approver: ['UALICE'], commander: ['S0LEAD'] },
};
const sre = person('USRE', { groups: ['S0SRE'] });
const lead = person('ULEAD', { groups: ['S0LEAD'] });

describe('a role', () => {
  test.each<[string, string, ReturnType<typeof person>, Role, boolean]>([
    ['is everybody’s when nobody is named', 'shop', person('UBOB'), 'responder', true],
    ['is theirs who have the one before it when nobody is named', 'depot', sre, 'commander', true],
    ['is not theirs who lack a lower one that is named', 'depot', person('UBOB'), 'commander', false],
    ['is only theirs who are named', 'shop', person('UBOB'), 'approver', false],
    ['is theirs who are named', 'shop', person('UALICE'), 'approver', true],
    ['comes with a user group', 'depot', sre, 'approver', true],
    ['of all systems does not hold where a system names its own', 'shop', sre, 'approver', false],
    ['comes with a higher one', 'shop', lead, 'approver', true],
    ['comes with the highest one of all systems', 'shop', person('UADMIN'), 'commander', true],
    ['does not come with a lower one', 'shop', person('UALICE'), 'commander', false],
    ['is never a guest’s, although named', 'shop', person('UALICE', { isGuest: true }), 'approver', false],
    ['is never a stranger’s, although nobody is named', 'shop', person('UX', { isExternal: true }), 'viewer', false],
    ['is not inherited from the language', 'constructor', person('UBOB'), 'approver', false],
  ])('%s', (_what, system, who, role, has) => {
    expect(hasRole(holders, system, who, role)).toBe(has);
  });

  test('asks Slack about the groups that are named', () => {
    expect(groupsInRoles(holders)).toEqual(['S0SRE', 'S0LEAD']);
    expect(isOneOf(sre, ['S0SRE'])).toBe(true);
    expect(isOneOf(sre, ['S0OTHER', 'UOTHER'])).toBe(false);
  });
});
