import { ALLOWED, MESSAGE_RULES, type RuleGroup, rulesFor, SHAPES, type Shape, VIEW_RULES } from './block-kit-data.ts';
import { asObjects, isObject, type JsonObject } from './json.ts';
import { applyRules, type Problem, type Surface } from './limit-rules.ts';

/** A value, where it is, and the surface it belongs to. */
type Node = { readonly value: unknown; readonly pointer: string; readonly surface: Surface };

function complain(node: Node, text: string): undefined {
  node.surface.problems.push({ pointer: node.pointer, text, error: null });
}

function child(node: Node, key: string | number, value: unknown): Node {
  return { value, pointer: `${node.pointer}/${key}`, surface: node.surface };
}

const PRIMITIVES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isSafeInteger(value),
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  object: isObject,
};

/** Checks that an object has the fields of its shape, no others, and that each is of its kind. */
function checkShape(node: Node, shape: Shape): undefined {
  const object = node.value as JsonObject;
  const names = new Map(
    Object.entries(shape).map(([name, kind]) => [name.replace('?', ''), { kind, optional: name.endsWith('?') }]),
  );
  for (const [name, { kind, optional }] of names) {
    const value = object[name];
    if (value !== undefined) checkKind(child(node, name, value), kind);
    else if (!optional) complain(node, `missing required field: ${name}`);
  }
  for (const name of Object.keys(object)) if (!names.has(name)) complain(node, `invalid additional property: ${name}`);
}

function checkNode(node: Node, group: RuleGroup | 'inline', type: string): undefined {
  const shape = SHAPES[group][type];
  if (!isObject(node.value)) return complain(node, 'must be an object');
  if (!shape) return complain(node, `unsupported type: ${type}`);
  checkShape(node, shape);
  if (group === 'inline') return;
  const rules = group === 'composition' ? rulesFor(group, compositionRules(type)) : rulesFor(group, type);
  applyRules(rules, { root: node.value, pointer: node.pointer }, node.surface);
  if (group === 'elements') checkInitial(node);
}

/** The kinds of text object share one set of rows, and so do the kinds of option. */
function compositionRules(type: string): string {
  if (type === 'plain_text' || type === 'mrkdwn') return 'text_object';
  return type.startsWith('option_') && type !== 'option_group' ? 'option' : type;
}

/** An initial choice must be one of the options, field by field. Observed in practice; the tables do not say it. */
function checkInitial(node: Node): undefined {
  if (!isObject(node.value)) return;
  const groups = asObjects(node.value.option_groups).flatMap((group) => asObjects(group.options));
  const options = [...asObjects(node.value.options), ...groups].map((option) => JSON.stringify(comparable(option)));
  if (options.length === 0) return;
  const { initial_option: one, initial_options: many } = node.value;
  for (const chosen of [...(isObject(one) ? [one] : []), ...asObjects(many)]) {
    if (!options.includes(JSON.stringify(comparable(chosen))))
      complain(node, 'the initial option must be one of the options');
  }
}

function comparable(option: JsonObject): unknown {
  const text = isObject(option.text) ? [option.text.type ?? '', option.text.text ?? ''] : [];
  return [...text, option.value ?? ''];
}

function typeOf(node: Node): string {
  return isObject(node.value) && typeof node.value.type === 'string' ? node.value.type : '';
}

function checkBlock(node: Node, only?: string): undefined {
  const type = typeOf(node);
  if (only && type !== only) return complain(node, `unsupported type: ${type}`);
  if (node.surface.kind !== 'message' && SHAPES.surfaces.messages_only.includes(type)) {
    return complain(node, `unsupported type: ${type}`);
  }
  checkNode(node, 'blocks', type);
}

/** An item of a place such as `actions.elements`: its type decides what it is. */
function checkAllowed(node: Node, list: string): undefined {
  const type = typeOf(node);
  if (!ALLOWED[list]?.includes(type)) return complain(node, `unsupported type: ${type || 'none'}`);
  if (list === 'container.child_blocks') return checkBlock(node);
  if (list.endsWith('.inline') || list === 'rich_text_preformatted.elements') return checkNode(node, 'inline', type);
  if (SHAPES.composition[type]) return checkNode(node, 'composition', type);
  if (!SHAPES.elements[type]) return checkBlock(node);
  if (node.surface.kind !== 'modal' && SHAPES.surfaces.modal_only_elements.includes(type)) {
    return complain(node, `unsupported type: ${type}`);
  }
  checkNode(node, 'elements', type);
}

function checkText(node: Node, kinds: readonly string[]): undefined {
  const type = typeOf(node);
  if (!isObject(node.value)) complain(node, 'must be an object');
  else if (!kinds.includes(type)) complain(node, `must be ${kinds.join(' or ')}`);
  else checkNode(node, 'composition', type);
}

function checkKind(node: Node, kind: string): undefined {
  if (kind.endsWith('[]')) {
    if (!Array.isArray(node.value)) return complain(node, 'must be an array');
    node.value.forEach((item, index) => {
      checkKind(child(node, index, item), kind.slice(0, -2));
    });
    return;
  }
  const primitive = PRIMITIVES[kind];
  if (primitive) return primitive(node.value) ? undefined : complain(node, `must be a ${kind}`);
  const [word = '', detail = ''] = kind.split(':');
  if (word === 'plain') return checkText(node, ['plain_text']);
  if (word === 'mrkdwn') return checkText(node, ['mrkdwn']);
  if (word === 'text') return checkText(node, ['plain_text', 'mrkdwn']);
  if (word === 'in') return checkAllowed(node, detail);
  if (word === 'element' || word === 'rich') {
    if (typeOf(node) !== detail) return complain(node, `unsupported type: ${typeOf(node)}`);
    return checkNode(node, word === 'element' ? 'elements' : 'composition', detail);
  }
  if (word === 'block') {
    if (!detail) node.surface.actionIds.clear();
    return checkBlock(node, detail || undefined);
  }
  checkNode(node, 'composition', kind);
}

function newSurface(kind: Surface['kind']): Surface {
  return { kind, problems: [], blockIds: new Set(), actionIds: new Set(), counts: new Map() };
}

/** What is wrong with the blocks of a message; empty when Slack would take them. Pointers start at `/blocks`. */
export function checkMessageBlocks(blocks: unknown): readonly Problem[] {
  const surface = newSurface('message');
  const rules = MESSAGE_RULES.filter((rule) => rule.at === 'blocks' || rule.at.startsWith('blocks['));
  applyRules(rules, { root: { blocks }, pointer: '' }, surface);
  checkKind({ value: blocks, pointer: '/blocks', surface }, 'block[]');
  return surface.problems;
}

/** What is wrong with a view. Pointers start at `/view`. */
export function checkView(view: unknown): readonly Problem[] {
  const type = isObject(view) && view.type === 'home' ? 'home' : 'modal';
  const surface = newSurface(type);
  const node: Node = { value: view, pointer: '/view', surface };
  if (!isObject(view) || !SHAPES.view[String(view.type)]) {
    return [{ pointer: '/view/type', text: 'must be modal or home', error: null }];
  }
  checkShape(node, SHAPES.view[type] ?? {});
  const rules = [...VIEW_RULES.every_view, ...VIEW_RULES[type]].filter((rule) => rule.at !== 'stack');
  // Only `title` is required for itself; the others are checked when they are there.
  applyRules(rules, { root: view, pointer: '/view' }, surface);
  const needsSubmit = rules.find((rule) => rule.required_if === 'any input block');
  if (needsSubmit && view.submit === undefined && asObjects(view.blocks).some((block) => block.type === 'input')) {
    complain(node, 'missing required field: submit');
  }
  return surface.problems;
}

/** The lines that Slack puts into `response_metadata.messages`, without the `[ERROR]` in front, each once. */
export function problemLines(problems: readonly Problem[]): string[] {
  return [...new Set(problems.map((problem) => `${problem.text} [json-pointer:${problem.pointer}]`))];
}
