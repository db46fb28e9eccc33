/** What the shell makes of a character at its place. */
export type QuoteState =
  | 'plain'
  | 'double'
  | 'single'
  | 'ansi'
  | 'comment'
  | 'heredoc'
  | 'literal-heredoc'
  | 'arithmetic';

type Frame = 'plain' | 'double' | 'backtick' | 'arithmetic';
type Heredoc = { readonly delimiter: string; readonly expands: boolean; readonly indented: boolean };

/**
 * The state of each UTF-16 unit of a shell text: which quotes, comment or here-document it stands in. Any text has an answer; it is
 * only used to find placeholders and to quote them, never to say what a text does.
 */
export function quoteStates(text: string): QuoteState[] {
  return new Scanner(text).run();
}

class Scanner {
  private readonly text: string;
  private readonly states: QuoteState[] = [];
  private readonly frames: Frame[] = ['plain'];
  private readonly heredocs: Heredoc[] = [];

  constructor(text: string) {
    this.text = text;
  }

  run(): QuoteState[] {
    while (this.at < this.text.length) {
      if (this.frame === 'double') this.inDouble();
      else this.outside();
    }
    return this.states;
  }

  private get at(): number {
    return this.states.length;
  }

  private get frame(): Frame {
    return this.frames.at(-1) ?? 'plain';
  }

  private take(length: number, state: QuoteState): void {
    for (let end = Math.min(this.at + length, this.text.length); this.at < end; ) this.states.push(state);
  }

  private takeUntil(end: number, after: number, state: QuoteState): void {
    this.take((end < 0 ? this.text.length : end + after) - this.at, state);
  }

  private inDouble(): void {
    const char = this.text[this.at];
    if (char === '\\') this.take(2, 'double');
    else if (this.text.startsWith('$((', this.at)) this.enter('arithmetic', 3);
    else if (this.text.startsWith('$(', this.at)) this.enter('plain', 2);
    else if (char === '`') this.enter('backtick', 1);
    else {
      this.take(1, 'double');
      if (char === '"') this.frames.pop();
    }
  }

  private enter(frame: Frame, length: number): void {
    this.take(length, 'plain');
    this.frames.push(frame);
  }

  private outside(): void {
    const char = this.text[this.at] ?? '';
    const state = this.frame === 'arithmetic' ? 'arithmetic' : 'plain';
    if (char === '\\') this.take(2, state);
    else if (char === "'") this.takeUntil(this.text.indexOf("'", this.at + 1), 1, 'single');
    else if (this.text.startsWith("$'", this.at)) this.takeUntil(endOfAnsi(this.text, this.at + 2), 1, 'ansi');
    else if (char === '#' && /^$|[\s;|&(]/u.test(this.text[this.at - 1] ?? ''))
      this.takeUntil(this.text.indexOf('\n', this.at), 0, 'comment');
    else if (char === '\n' && this.heredocs.length > 0) this.bodies();
    else if (!this.heredoc()) this.move(char, state);
  }

  private move(char: string, state: QuoteState): void {
    if (char === '"') {
      this.take(1, 'double');
      this.frames.push('double');
    } else if (this.text.startsWith('$((', this.at)) this.enter('arithmetic', 3);
    else if (this.text.startsWith('$(', this.at) || char === '(') this.enter('plain', char === '(' ? 1 : 2);
    else {
      if (char === ')' && this.frames.length > 1) this.close();
      else if (char === '`') this.backtick();
      this.take(1, state);
    }
  }

  private close(): void {
    if (this.frame !== 'arithmetic') this.frames.pop();
    else if (this.text.startsWith('))', this.at)) {
      this.frames.pop();
      this.take(1, 'plain');
    }
  }

  private backtick(): void {
    if (this.frame === 'backtick') this.frames.pop();
    else this.frames.push('backtick');
  }

  private heredoc(): boolean {
    if (!this.text.startsWith('<<', this.at) || this.text.startsWith('<<<', this.at)) return false;
    const found = /^<<(?<dash>-?)[ \t]*(?<quote>["'\\]?)(?<word>\w+)["']?/u.exec(
      this.text.slice(this.at, this.at + 200),
    );
    if (!found?.groups || this.text[this.at - 1] === '<') return false;
    const { dash, quote, word = '' } = found.groups;
    this.heredocs.push({ delimiter: word, expands: quote === '', indented: dash === '-' });
    this.take(found[0].length, 'plain');
    return true;
  }

  private bodies(): void {
    this.take(1, 'plain');
    for (const { delimiter, expands, indented } of this.heredocs.splice(0)) {
      while (this.at < this.text.length) {
        const next = this.text.indexOf('\n', this.at);
        const end = next < 0 ? this.text.length : next;
        const line = this.text.slice(this.at, end);
        const closes = (indented ? line.replace(/^\t+/u, '') : line) === delimiter;
        this.take(line.length + 1, closes ? 'plain' : expands ? 'heredoc' : 'literal-heredoc');
        if (closes) break;
      }
    }
  }
}

function endOfAnsi(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === "'") return at;
  }
  return -1;
}
