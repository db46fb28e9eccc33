import { isPhase } from './heading-words.ts';
import { type Section, sectionsOf } from './outline.ts';

/** A part of a document that becomes one runbook. `whole` entries own the sections below them. */
export type EntryPlace = { readonly section: Section; readonly whole: boolean };

/** `RB-001: …`, `2.1 …`, `Runbook: …`, `Scenario 1: …`, `Alert: …`: titles that say themselves that a runbook begins. */
const ENTRY_TITLE =
  /^(?:\d+(?:\.\d+)+\.?\s+\S|(?:runbook|playbook|scenario|procedure|procedura|incident|incidente|alert|allarme|caso|case|issue)\s*(?:#?\d+)?\s*[:–—-]\s*\S)/iu;
const CODED_TITLE = /^[A-Z]{1,6}-?\d{1,4}\s*(?::|[.)–—-]\s)\s*\S/u;
const NUMBERED = /^(?:(?:step|passo|fase|phase)\s*)?\d+\s*[.):–—-]\s*\S/iu;
/** One word that names an alert: `KubePodCrashLooping`, `etcdMembersDown`, `redis_down`. */
export const ALERT_NAME = /^[A-Za-z][a-z0-9]*(?:[A-Z][A-Za-z0-9]*){1,}$|^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/u;

type Facts = {
  readonly section: Section;
  readonly below: readonly Facts[];
  readonly phases: number;
  readonly strong: boolean;
  readonly strongBelow: boolean;
};

/** Where runbooks begin, in the order of the file. What belongs to none of them is documentation of the system. */
export function findEntries(root: Section): EntryPlace[] {
  const places = visit(readFacts(root));
  if (places.length > 0 || ![...sectionsOf(root)].some(holdsWork)) return places;
  return [{ section: root, whole: true }];
}

function readFacts(section: Section): Facts {
  const below = section.children.map(readFacts);
  const phases = new Set(below.map(({ section: child }) => child.meaning).filter((meaning) => isPhase(meaning))).size;
  const strongBelow = below.some((child) =>
    // Within a runbook a numbered heading is a stage of it.
    phases >= 2 && isPhase(child.section.meaning)
      ? child.phases >= 2 || child.below.some((one) => one.phases >= 2)
      : child.strong || child.strongBelow,
  );
  const own = section.meaning === null && !strongBelow;
  const named = section.heading !== null && (ENTRY_TITLE.test(section.title) || CODED_TITLE.test(section.title));
  const alert = section.heading !== null && section.level < 7 && ALERT_NAME.test(section.title);
  const all = own && (named || alert) ? [...sectionsOf(section)] : [];
  const strong =
    own &&
    (phases >= 2 ||
      (phases === 1 && strayWork(below) < 2) ||
      (named && all.some(holdsWork)) ||
      (alert && all.some(hasContent)) ||
      isStaged(section));
  return { section, below, phases, strong, strongBelow };
}

/** Sections with commands beside the phases: with several of them the heading above is a collection. */
function strayWork(below: readonly Facts[]): number {
  return below.filter(
    ({ section }) => section.meaning === null && section.level < 7 && [...sectionsOf(section)].some(holdsWork),
  ).length;
}

/** `1. Check`, `2. Restart`, `3. Verify` as headings: stages of one procedure. */
function isStaged({ heading, children }: Section): boolean {
  const stages = children.filter((child) => child.level < 7);
  return (
    heading !== null &&
    stages.length >= 2 &&
    stages.every(
      (child) =>
        NUMBERED.test(child.title) && child.meaning !== 'settings' && child.children.every((one) => one.level === 7),
    )
  );
}

function visit({ section, below, strong }: Facts): EntryPlace[] {
  if (strong) return [{ section, whole: true }];
  // Lists of contacts and links are no work; a runbook may still stand below them by mistake.
  if (section.meaning === 'settings') return below.filter((one) => one.strong || one.strongBelow).flatMap(visit);
  const headings = below.filter(({ section: child }) => child.level < 7);
  const labels = below.filter(({ section: child }) => child.level === 7);
  const inner = headings.flatMap(visit);
  const ownWork =
    holdsWork(section) ||
    labels.some(({ section: label }) => isPhase(label.meaning)) ||
    labels.some(({ section: label }) => [...sectionsOf(label)].some(holdsWork));
  if (!ownWork || section.heading === null) return inner;
  if (inner.length === 0) return [{ section, whole: true }];
  return [{ section, whole: false }, ...inner];
}

/** Something to run or to do stands directly below the heading. */
function holdsWork({ blocks, meaning }: Section): boolean {
  if (meaning === 'settings' || meaning === 'background') return false;
  return blocks.some(
    (block) =>
      (block.kind === 'code' && !DATA_LANGUAGES.has(block.language)) ||
      (block.kind === 'item' && (block.task || block.ordered) && !/^\[[^\]]*\]\([^)]*\)\s*$/u.test(block.text)),
  );
}

function hasContent({ blocks }: Section): boolean {
  return blocks.some((block) => block.kind !== 'rule' && block.kind !== 'html');
}

/** Languages whose fences hold data or programs to read, never something that Warroom runs. */
export const DATA_LANGUAGES: ReadonlySet<string> = new Set(
  `yaml yml json json5 jsonc toml ini conf config cfg properties xml html css nginx apache hcl terraform tf diff patch mermaid plantuml
   dot csv tsv markdown md mdx python py python3 javascript js typescript ts go golang java kotlin scala ruby rb rust rs c cpp csharp cs php
   perl lua r jinja jinja2 j2 dockerfile makefile make protobuf proto graphql groovy elixir erlang log logs output traceback regex
   cc cxx h hpp objc swift vue svelte jsx tsx scss sass less latex tex ocaml haskell clojure nix idl webidl ebnf abnf bnf bicep puppet`.split(
    /\s+/u,
  ),
);
