type Rule = {
  /** What is wrong, one sentence. */
  readonly meaning: string;
  readonly severity: 'error' | 'warning';
  /** In a draft, which cannot be run, it is a warning: what is imported is cleaned up step by step. */
  readonly warnsInDraft?: true;
  /** A judgement, not a fact: `<!-- warroom-allow: name -->` before a block of the file says that it was looked at. */
  readonly allowable?: true;
};

/** Every rule that a pack is checked against: those of the loader first, then those of lint alone. The only such table. */
export const RULES = {
  unreadable: {
    meaning: 'The file cannot be read, is too large, is not UTF-8 or defeats the parser.',
    severity: 'error',
  },
  'system-file': { meaning: 'system.yml is missing or something in it is unknown or wrong.', severity: 'error' },
  'front-matter': { meaning: 'The front matter is missing or something in it is unknown or wrong.', severity: 'error' },
  'attribute-syntax': {
    meaning: 'The list behind the language of a fence does not follow the grammar.',
    severity: 'error',
  },
  'unknown-attribute': { meaning: 'A fence has an attribute that does not exist.', severity: 'error' },
  'repeated-attribute': { meaning: 'A fence has the same attribute twice.', severity: 'error' },
  'bad-attribute': {
    meaning: 'The value of an attribute cannot be used; an expression does not parse.',
    severity: 'error',
  },
  'missing-target': { meaning: 'A step names no target.', severity: 'error' },
  'unknown-target': { meaning: 'A step names a target that system.yml does not have.', severity: 'error' },
  'wrong-target-kind': { meaning: 'The language of a fence and the executor of its target differ.', severity: 'error' },
  'unknown-language': { meaning: 'A fence with a list has a language that no executor runs.', severity: 'error' },
  'unclosed-fence': { meaning: 'A step is not closed and would swallow the rest of the file.', severity: 'error' },
  'empty-step': { meaning: 'A step has no text.', severity: 'error' },
  'step-outside-phase': {
    meaning: 'A step stands under a heading that is no phase, or one that only describes.',
    severity: 'error',
  },
  'duplicate-id': { meaning: 'Two steps of a runbook have the same id.', severity: 'error' },
  'duplicate-runbook': { meaning: 'Two runbooks of a system have the same id.', severity: 'error' },
  'unknown-step': {
    meaning: 'verify, revert, a checklist or a metric names a step that cannot be run.',
    severity: 'error',
  },
  'unknown-runbook': {
    meaning: 'A threshold or a checklist of system.yml names a runbook that does not exist.',
    severity: 'error',
  },
  'unknown-severity': { meaning: 'A runbook has a severity that its system does not have.', severity: 'error' },
  'unknown-parameter': {
    meaning: 'A statement or a capture names a parameter that is not declared.',
    severity: 'error',
  },
  'expression-name': {
    meaning: 'An expression names a step, a parameter or a value that does not exist.',
    severity: 'error',
  },
  'verify-changes': { meaning: 'verify names a step that changes something.', severity: 'error' },
  'retry-of-change': { meaning: 'retry or poll stands on a step that changes something.', severity: 'error' },
  'not-read-only': { meaning: 'A step under Diagnose or Verify would change something.', severity: 'error' },
  'effect-too-low': { meaning: 'A step says effect=read, but analysis finds that it does more.', severity: 'error' },
  'hidden-character': {
    meaning: 'A step holds an invisible character, so people would approve something else than what runs.',
    severity: 'error',
  },
  'dead-link': { meaning: 'A link leads to a file that does not exist.', severity: 'error' },
  'missing-link': {
    meaning: 'A link is marked as missing (missing:file.md): nobody has written that runbook yet.',
    severity: 'warning',
  },
  'bad-target': { meaning: 'The executor of a target does not take its options or credentials.', severity: 'error' },
  'bad-statement': {
    meaning: 'The executor cannot parse the statement of a step.',
    severity: 'error',
    warnsInDraft: true,
  },
  'unbindable-value': {
    meaning: 'A ${name} stands where no value can be bound.',
    severity: 'error',
    warnsInDraft: true,
  },
  'unquoted-value': {
    meaning: 'A value stands in a shell text without double quotes, so the shell would split it.',
    severity: 'error',
    warnsInDraft: true,
  },
  'forbidden-name': {
    meaning: 'A parameter of a shell step has the name of a variable that programs obey.',
    severity: 'error',
    warnsInDraft: true,
  },
  'unset-variable': {
    meaning: 'A shell text uses a variable that neither the script nor its target sets: it would be empty.',
    severity: 'error',
    warnsInDraft: true,
    allowable: true,
  },
  'unused-parameter': {
    meaning: 'People are asked for a parameter that nothing uses.',
    severity: 'error',
    warnsInDraft: true,
  },
  'missing-verify': {
    meaning: 'A destructive step has no step that looks whether it helped.',
    severity: 'error',
    warnsInDraft: true,
  },
  'unbounded-output': {
    meaning: 'A command goes on until somebody stops it (-f, watch, ping without -c).',
    severity: 'error',
    warnsInDraft: true,
    allowable: true,
  },
  'interactive-command': {
    meaning: 'A command waits for a person at a keyboard (vi, psql without -c, -it).',
    severity: 'error',
    warnsInDraft: true,
    allowable: true,
  },
  'secret-in-text': {
    meaning: 'Something that looks like a password, a key or a token stands in the file.',
    severity: 'error',
    allowable: true,
  },
  'policy-name': {
    meaning:
      'A rule or role in the warroom.yml beside the packs names a system, target or severity that they do not have.',
    severity: 'error',
  },
  'alert-claimed-twice': { meaning: 'Two runbooks of a system claim the same alert.', severity: 'warning' },
  todo: { meaning: 'A TODO is left, often by the importer.', severity: 'warning' },
} as const satisfies Readonly<Record<string, Rule>>;

/** Stable name of a rule, kebab-case. */
export type RuleName = keyof typeof RULES;

/** The names in the order of the table. */
export const RULE_NAMES = Object.keys(RULES) as RuleName[];

/** The entry of a rule with all its marks. */
export function ruleOf(name: RuleName): Rule {
  return RULES[name];
}
