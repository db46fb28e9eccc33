import { describe, expect, test } from 'vitest';
import { ALLOWED, rulesFor, SHAPES } from '../../src/sandbox/block-kit-data.ts';
import { checkMessageBlocks, checkView, problemLines } from '../../src/sandbox/block-kit-rules.ts';
import limits from '../../src/sandbox/data/block-kit-limits.json' with { type: 'json' };
import { casesFor, type Group, minimal, type Obj } from './minimal-nodes.ts';

const PLAIN = { type: 'plain_text', text: 'x' };

function modal(blocks: unknown[]): Obj {
  return { type: 'modal', title: PLAIN, submit: PLAIN, blocks };
}

/** An element in a block that may hold it. */
function hostOfElement(element: Obj): Obj {
  const type = String(element.type);
  if (ALLOWED['context_actions.elements']?.includes(type)) return { type: 'context_actions', elements: [element] };
  if (ALLOWED['section.accessory']?.includes(type)) return { type: 'section', text: PLAIN, accessory: element };
  return { type: 'input', label: PLAIN, element };
}

const HOSTS: Readonly<Record<string, (node: Obj) => Obj>> = {
  text_object: (node) => ({ type: 'section', text: node }),
  confirm: (node) => hostOfElement({ ...minimal('elements', 'button'), confirm: node }),
  option: (node) => hostOfElement({ ...minimal('elements', node.url ? 'overflow' : 'static_select'), options: [node] }),
  option_group: (node) => hostOfElement({ type: 'static_select', option_groups: [node] }),
  conversation_filter: (node) => hostOfElement({ type: 'conversations_select', filter: node }),
  raw_text: (node) => ({ type: 'table', rows: [[node]] }),
  raw_number: (node) => ({ type: 'table', rows: [[node]] }),
  slack_file: (node) => ({ type: 'image', alt_text: 'x', slack_file: node }),
};

/** What is wrong with a node, wherever it may stand. */
function problemsOf(group: Group, type: string, node: Obj): string[] {
  const block = group === 'blocks' ? node : group === 'elements' ? hostOfElement(node) : (HOSTS[type]?.(node) ?? node);
  const modalOnly = SHAPES.surfaces.modal_only_elements.includes(type);
  return problemLines(modalOnly ? checkView(modal([block])) : checkMessageBlocks([block]));
}

/** The option's `url` is only for overflow menus, whose shape knows it. */
const SHAPE_NAMES: Readonly<Record<string, string>> = { option: 'option_overflow' };

const ROWS = (['blocks', 'elements', 'composition'] as const).flatMap((group) =>
  Object.keys(limits[group])
    .filter((type) => !type.startsWith('_') && (group === 'composition' || SHAPES[group][type]))
    .map((type) => ({ group, type })),
);

describe('every row of the Block Kit limits', () => {
  test.each(ROWS)('$group.$type: the least that Slack takes is taken', ({ group, type }) => {
    const shape = SHAPE_NAMES[type] ?? type;
    expect(problemsOf(group, type, minimal(group, shape))).toEqual([]);
  });

  const cases = ROWS.flatMap(({ group, type }) =>
    rulesFor(group, type)
      .filter((rule) => !rule.unique_in && !rule.max_per_message && !rule.max_true_per_view && rule.at !== 'confirm')
      .flatMap((rule) => casesFor(group, SHAPE_NAMES[type] ?? type, rule).map((entry) => ({ ...entry, group, type }))),
  );

  test('makes hundreds of cases', () => {
    expect(cases.length).toBeGreaterThan(250);
  });

  test.each(cases.filter((entry) => entry.ok))('takes $name', ({ group, type, node }) => {
    expect(problemsOf(group, type, node)).toEqual([]);
  });

  test.each(cases.filter((entry) => !entry.ok))('refuses $name', ({ group, type, node }) => {
    expect(problemsOf(group, type, node)).not.toEqual([]);
  });
});

describe('rules that look wider than one object', () => {
  const section = { type: 'section', text: PLAIN };
  const button = (id: string) => ({ type: 'button', text: PLAIN, action_id: id });

  test('a message has at most 50 blocks', () => {
    expect(checkMessageBlocks(Array.from({ length: 50 }, () => section))).toEqual([]);
    expect(problemLines(checkMessageBlocks(Array.from({ length: 51 }, () => section)))).toEqual([
      'no more than 50 items allowed [json-pointer:/blocks]',
    ]);
  });

  test('a view has at most 100 blocks', () => {
    expect(checkView(modal(Array.from({ length: 100 }, () => section)))).toEqual([]);
    expect(checkView(modal(Array.from({ length: 101 }, () => section)))).not.toEqual([]);
  });

  test('a block_id does not repeat in a message, an action_id not in its block', () => {
    expect(
      checkMessageBlocks([
        { ...section, block_id: 'a' },
        { ...section, block_id: 'a' },
      ]),
    ).toHaveLength(1);
    expect(checkMessageBlocks([{ type: 'actions', elements: [button('a'), button('a')] }])).toHaveLength(1);
    expect(
      checkMessageBlocks([
        { type: 'actions', elements: [button('a')] },
        { type: 'actions', elements: [button('a')] },
      ]),
    ).toEqual([]);
  });

  test('a message has one table', () => {
    const table = { type: 'table', rows: [[{ type: 'raw_text', text: 'x' }]] };
    expect(checkMessageBlocks([table])).toEqual([]);
    expect(checkMessageBlocks([table, table])).not.toEqual([]);
  });

  test('one element of a view has the focus', () => {
    const input = { type: 'input', label: PLAIN, element: { type: 'plain_text_input', focus_on_load: true } };
    expect(checkView(modal([input]))).toEqual([]);
    expect(checkView(modal([input, input]))).not.toEqual([]);
  });

  test('a modal with an input needs submit', () => {
    const view = {
      type: 'modal',
      title: PLAIN,
      blocks: [{ type: 'input', label: PLAIN, element: { type: 'plain_text_input' } }],
    };
    expect(problemLines(checkView(view))).toEqual(['missing required field: submit [json-pointer:/view]']);
  });

  test('a modal title has at most 24 characters and a view at most 250 KB', () => {
    expect(checkView({ ...modal([]), title: { type: 'plain_text', text: 'x'.repeat(24) } })).toEqual([]);
    expect(checkView({ ...modal([]), title: { type: 'plain_text', text: 'x'.repeat(25) } })).not.toEqual([]);
    const big = Array.from({ length: 100 }, () => ({
      type: 'section',
      text: { type: 'mrkdwn', text: 'x'.repeat(2_900) },
    }));
    expect(checkView(modal(big)).map((problem) => problem.error)).toContain('view_too_large');
  });

  test('markdown and tables are for messages only', () => {
    expect(checkMessageBlocks([{ type: 'markdown', text: 'x' }])).toEqual([]);
    expect(checkView(modal([{ type: 'markdown', text: 'x' }]))).not.toEqual([]);
  });

  test('an unknown field, an unknown type and a wrong kind are refused with their place', () => {
    const lines = problemLines(
      checkMessageBlocks([{ ...section, colour: 'red' }, { type: 'sectoin' }, { type: 'section', text: 'plain' }]),
    );
    expect(lines).toEqual([
      'invalid additional property: colour [json-pointer:/blocks/0]',
      'unsupported type: sectoin [json-pointer:/blocks/1]',
      'must be an object [json-pointer:/blocks/2/text]',
    ]);
  });

  test('an initial option must be one of the options', () => {
    const option = (value: string) => ({ text: PLAIN, value });
    const select = (initial: string) => ({
      type: 'static_select',
      options: [option('a'), option('b')],
      initial_option: option(initial),
    });
    expect(checkMessageBlocks([{ type: 'actions', elements: [select('b')] }])).toEqual([]);
    expect(checkMessageBlocks([{ type: 'actions', elements: [select('c')] }])).toHaveLength(1);
  });
});
