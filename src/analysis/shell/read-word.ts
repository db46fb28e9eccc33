import { NotUnderstood, type VariableKind, type Word, type WordScope } from './word.ts';

/**
 * Reads the word between two positions by the shell's own rules. It goes over the raw text a second time, independent of the syntax
 * tree: where the two disagree (a metacharacter that no quote protects, a substitution that only one of them sees) it throws `NotUnderstood`.
 */
export function readWord(span: { start: number; end: number }, scope: WordScope): Word {
  const reader = new WordReader(span, scope);
  return reader.read();
}

/** Reads the words of a stretch that holds nothing but words: the inside of `[ … ]`. Throws as `readWord` does. */
export function splitWords(span: { start: number; end: number }, scope: WordScope): Word[] {
  const words: Word[] = [];
  let at = span.start;
  while (at < span.end) {
    const space = /^(?:[ \t\n]|\\\n)+/u.exec(scope.script.slice(at, span.end))?.[0].length ?? 0;
    at += space;
    if (at >= span.end) break;
    if (space === 0) throw new NotUnderstood('Two words touch.');
    const reader = new WordReader({ start: at, end: span.end }, scope);
    words.push(reader.readUntilSpace());
    at = reader.position;
  }
  return words;
}

/** Throws `NotUnderstood` when a here-document holds an expansion that is not plain; its substitutions are looked at like all others. */
export function checkHeredoc(span: { start: number; end: number }, scope: WordScope): void {
  new WordReader(span, scope).readHeredoc();
}

type Piece = { readonly kind: VariableKind; readonly quoted: boolean; readonly many: boolean };

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
  '?': '?',
};
/** `${name}`, its length, a default, a pattern taken off, a replacement or a stretch counted in digits; all of plain characters. */
const EXPANSION =
  /^\$\{(?<length>#?)(?<name>[A-Za-z_]\w*|[0-9@*#?])(?<index>\[(?:[@*]|\d+)\])?(?<rest>(?<default>:?-)[\w./:,@+=-]*|:?\?[\w ./:,-]*|(?:%%?|##?|\/\/?)[\w./:,*?@+=% -]*|:\d+(?::\d+)?|,,?|\^\^?)?\}$/u;

class WordReader {
  private at: number;
  private end: number;
  private text = '';
  private prefix: string | null = null;
  private first: Piece | null = null;
  private readonly pieces: Piece[] = [];
  private used = 0;
  private readonly start: number;
  private readonly scope: WordScope;

  constructor(span: { start: number; end: number }, scope: WordScope) {
    this.start = span.start;
    this.at = span.start;
    this.end = span.end;
    this.scope = scope;
  }

  get position(): number {
    return this.at;
  }

  /** As `read`, up to the first white space that no quote protects. */
  readUntilSpace(): Word {
    if (this.char() === '~') this.tilde();
    while (this.at < this.end && !/[ \t\n]/u.test(this.char()) && !(this.char() === '\\' && this.char(1) === '\n'))
      this.step();
    this.end = this.at;
    return this.read();
  }

  readHeredoc(): void {
    while (this.at < this.end) {
      const char = this.char();
      if (char === '$' || char === '`') this.dollar(true);
      else this.at += char === '\\' ? 2 : 1;
    }
    this.requireAllHoles();
  }

  private requireAllHoles(): void {
    let [expected, covered] = [0, this.start];
    for (const [at, { end }] of this.scope.holes) {
      if (at < covered || at >= this.end) continue;
      expected += 1;
      covered = end;
    }
    if (this.at < this.end || expected !== this.used) throw new NotUnderstood('The end of a word is unclear.');
  }

  read(): Word {
    if (this.scope.script[this.start] === '#') throw new NotUnderstood('A word begins with #.');
    if (this.at === this.start && this.char() === '~') this.tilde();
    while (this.at < this.end) this.step();
    if (this.at !== this.end) throw new NotUnderstood('The end of a word is unclear.');
    this.requireAllHoles();
    const unknown = this.pieces.length > 0;
    const prefix = this.prefix ?? this.text;
    return {
      source: this.scope.script.slice(this.start, this.end),
      text: unknown ? null : this.text,
      prefix,
      single: this.pieces.every((piece) => !piece.many && (piece.quoted || piece.kind !== 'any')),
      option: prefix === '' ? this.mayBeginWithDash() : prefix.startsWith('-'),
      free: this.pieces.every((piece) => piece.kind !== 'any'),
    };
  }

  /** A variable from outside that is followed by `/`, `:` or `.` holds an address or a folder: nobody writes options so. */
  private mayBeginWithDash(): boolean {
    if (this.first === null) return false;
    if (this.first.kind === 'plain') return false;
    return !(this.first.kind === 'free' && /^[/:.]/u.test(this.text));
  }

  private char(offset = 0): string {
    return this.at + offset < this.end ? (this.scope.script[this.at + offset] ?? '') : '';
  }

  private step(): void {
    const char = this.char();
    if (char === "'") this.text += this.until("'", 1);
    else if (char === '"') this.double();
    else if (char === '\\') this.backslash();
    else if (char === '$' && this.char(1) === "'") this.ansi();
    else if (char === '$' && this.char(1) === '"') throw new NotUnderstood('$"…" is translated by the shell.');
    else if (char === '$' || char === '`') this.dollar(false);
    else if ((char === '<' || char === '>') && this.char(1) === '(') this.hole('process_substitution', 'plain', false);
    else if (/[\s;&|<>()]/u.test(char)) throw new NotUnderstood(`A ${JSON.stringify(char)} stands inside a word.`);
    else this.plain(char);
  }

  private plain(char: string): void {
    if (char === '*' || char === '?' || char === '[') this.push({ kind: 'plain', quoted: false, many: true });
    if (char === '{' && /[,]|\.\./u.test(this.scope.script.slice(this.at, this.end)))
      this.push({ kind: 'any', quoted: false, many: true });
    // A pattern that begins the word may match a file that is called like an option.
    if (this.pieces.length === 1 && this.first?.many && this.prefix === '')
      this.first = { kind: 'any', quoted: false, many: true };
    this.text += char;
    this.at += 1;
  }

  private tilde(): void {
    const user = /^~[\w.+-]*/u.exec(this.scope.script.slice(this.start, this.end))?.[0] ?? '~';
    this.at += user.length;
    this.text += user;
  }

  private backslash(): void {
    if (this.at + 1 >= this.end) throw new NotUnderstood('A backslash ends a word.');
    const next = this.char(1);
    if (next !== '\n') this.text += next;
    this.at += 2;
  }

  private double(): void {
    this.at += 1;
    while (this.char() !== '"') {
      const char = this.char();
      if (char === '') throw new NotUnderstood('A quote is never closed.');
      if (char === '\\') {
        const next = this.char(1);
        this.text += /["$`\\]/u.test(next) ? next : next === '\n' ? '' : `\\${next}`;
        this.at += 2;
      } else if (char === '$' || char === '`') this.dollar(true);
      else {
        this.text += char;
        this.at += 1;
      }
    }
    this.at += 1;
  }

  private ansi(): void {
    this.at += 2;
    while (this.char() !== "'") {
      const char = this.char();
      if (char === '') throw new NotUnderstood('A quote is never closed.');
      if (char !== '\\') {
        this.text += char;
        this.at += 1;
        continue;
      }
      const rest = this.scope.script.slice(this.at + 1, this.end);
      const code = /^(?:x(?<hex>[0-9a-fA-F]{1,2})|(?<octal>[0-7]{1,3})|u(?<four>[0-9a-fA-F]{4})(?![0-9a-fA-F]))/u.exec(
        rest,
      );
      const simple = ESCAPES[rest[0] ?? ''];
      // \' ends the quote in shells that do not know $'…'.
      if (!code && simple === undefined) throw new NotUnderstood("An escape inside $'…' is unclear.");
      const { hex, octal, four } = code?.groups ?? {};
      const number = octal === undefined ? Number.parseInt(hex ?? four ?? '', 16) : Number.parseInt(octal, 8);
      if (code && (number === 0 || number > 126)) throw new NotUnderstood("An escape inside $'…' is unclear.");
      this.text += code ? String.fromCharCode(number) : simple;
      this.at += 1 + (code?.[0].length ?? 1);
    }
    this.at += 1;
  }

  private dollar(quoted: boolean): void {
    const rest = this.scope.script.slice(this.at, this.end);
    if (rest.startsWith('$((') || rest.startsWith('$[')) this.hole('arithmetic_expansion', 'number', quoted);
    else if (rest.startsWith('$(') || rest.startsWith('`')) this.hole('command_substitution', 'any', quoted);
    else if (rest.startsWith('${')) this.expansion(quoted);
    else this.variable(rest, quoted);
  }

  private variable(rest: string, quoted: boolean): void {
    const name = /^\$(?:[A-Za-z_]\w*|[0-9@*#?$!_-])/u.exec(rest)?.[0];
    if (name === undefined) {
      this.text += '$';
      this.at += 1;
      return;
    }
    this.holeOrThrow('simple_expansion', name.length);
    this.push({ kind: this.scope.kindOf(name.slice(1)), quoted, many: name === '$@' || name === '$*' });
  }

  private expansion(quoted: boolean): void {
    const hole = this.scope.holes.get(this.at);
    const source = hole ? this.scope.script.slice(this.at, hole.end) : '';
    const match = EXPANSION.exec(source)?.groups;
    if (hole?.type !== 'expansion' || !match)
      throw new NotUnderstood(`${source.slice(0, 40) || '${'} is not plain enough.`);
    const changed = match.rest !== undefined || match.length === '#' || match.index !== undefined;
    const name = match.name ?? '';
    const kind = this.scope.kindOf(name);
    const many = /^\[[@*]\]/u.test(match.index ?? '') || name === '@' || name === '*';
    this.holeOrThrow('expansion', source.length);
    this.push({ kind: changed ? changedKind(match, kind) : kind, quoted, many });
  }

  private hole(type: string, kind: VariableKind, quoted: boolean): void {
    const found = this.scope.holes.get(this.at);
    if (found === undefined) throw new NotUnderstood('A substitution is unclear.');
    this.holeOrThrow(type, found.end - this.at);
    // A negative number begins with a dash, too.
    this.push({ kind: type === 'arithmetic_expansion' ? 'number' : kind, quoted, many: false });
  }

  private holeOrThrow(type: string, length: number): void {
    const found = this.scope.holes.get(this.at);
    if (found?.type !== type || found.end !== this.at + length || found.end > this.end)
      throw new NotUnderstood(`${this.scope.script.slice(this.at, this.at + 20)} is unclear.`);
    this.used += 1;
    this.prefix ??= this.text;
    this.at = found.end;
  }

  private push(piece: Piece): void {
    this.prefix ??= this.text;
    this.first ??= piece;
    if (this.pieces.length === 0) this.text = '';
    this.pieces.push(piece);
  }

  private until(quote: string, skip: number): string {
    const close = this.scope.script.indexOf(quote, this.at + skip);
    if (close < 0 || close >= this.end) throw new NotUnderstood('A quote is never closed.');
    const inside = this.scope.script.slice(this.at + skip, close);
    this.at = close + 1;
    return inside;
  }
}

/** `${#x}` is a number; `${x:-plain}` is as plain as x; whatever else is cut or replaced may hold anything. */
function changedKind(match: Readonly<Record<string, string | undefined>>, kind: VariableKind): VariableKind {
  if (match.length === '#') return 'number';
  const rest = match.rest ?? '';
  if (match.default !== undefined) return rest.slice(match.default.length).startsWith('-') ? 'any' : kind;
  if (rest.startsWith('?') || rest.startsWith(':?')) return kind;
  return kind === 'number' && /^,|^\^/u.test(rest) ? kind : kind === 'any' ? 'any' : 'free';
}
