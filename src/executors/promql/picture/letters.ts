import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import opentype from 'opentype.js';
import type { Canvas, Color, Dot } from './canvas.ts';

export type Weight = 'normal' | 'bold';
export type TextStyle = {
  readonly size: number;
  readonly color: Color;
  readonly weight?: Weight;
  readonly align?: 'left' | 'right' | 'center';
};

const require = createRequire(import.meta.url);
/** Those for the letters of Western languages first, then those of Central Europe, of Turkish and the like. */
const FILES: Readonly<Record<Weight, readonly string[]>> = {
  normal: ['lato-latin-400-normal.woff', 'lato-latin-ext-400-normal.woff'],
  bold: ['lato-latin-700-normal.woff', 'lato-latin-ext-700-normal.woff'],
};
const fonts = new Map<string, opentype.Font>();
/** Straight pieces that a curve is drawn in; a letter on a phone has no use for more. */
const PIECES = 5;

/** Writes one line of text, its base line at `y`. A run of characters that the fonts do not have becomes one `□`. */
export function writeText(canvas: Canvas, text: string, place: Dot, style: TextStyle): void {
  const runs = runsOf(text, style.weight ?? 'normal');
  const width = runs.reduce((sum, run) => sum + widthOf(run, style.size), 0);
  let x = style.align === 'right' ? place[0] - width : style.align === 'center' ? place[0] - width / 2 : place[0];
  for (const run of runs) {
    const dots = run.font
      ? outlinesOf(run.font.getPath(run.text, x, place[1], style.size).commands)
      : emptyBox([x, place[1]], style.size);
    canvas.fill(dots, style.color);
    x += widthOf(run, style.size);
  }
}

/** Width in pixels. */
export function textWidth(text: string, size: number, weight: Weight = 'normal'): number {
  return runsOf(text, weight).reduce((sum, run) => sum + widthOf(run, size), 0);
}

/** A text over at most so many lines, broken at spaces where that leaves half a line; the last one ends in … when there is more. */
export function wrapText(text: string, box: { width: number; lines: number; size: number; weight?: Weight }): string[] {
  const found: string[] = [];
  let rest = text;
  while (found.length < box.lines - 1 && textWidth(rest, box.size, box.weight) > box.width) {
    const most = Math.max(1, fitText(rest, box.width, box).length - 1);
    const space = rest.lastIndexOf(' ', most);
    const cut = space > most / 2 ? space : most;
    found.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
  return [...found, fitText(rest, box.width, box)];
}

/** As much of a text as fits, with … for the rest; `keep` says whether the rest is its end or its middle. */
export function fitText(
  text: string,
  width: number,
  style: { size: number; weight?: Weight; keep?: 'start' | 'both ends' },
): string {
  if (textWidth(text, style.size, style.weight) <= width) return text;
  const chars = [...text];
  const cut = (count: number): string => {
    const tail = style.keep === 'both ends' ? Math.floor(count / 2) : 0;
    return `${chars.slice(0, count - tail).join('')}…${tail === 0 ? '' : chars.slice(-tail).join('')}`;
  };
  let [least, most] = [0, chars.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (textWidth(cut(middle), style.size, style.weight) <= width) least = middle;
    else most = middle - 1;
  }
  return cut(least);
}

/** Characters of one font; null for those that none has. */
type Run = { readonly font: opentype.Font | null; text: string };

function runsOf(text: string, weight: Weight): Run[] {
  const runs: Run[] = [];
  for (const char of text) {
    const font = fontFor(char, weight);
    const last = runs.at(-1);
    if (last?.font === font) last.text += char;
    else runs.push({ font, text: char });
  }
  return runs;
}

function widthOf(run: Run, size: number): number {
  return run.font ? run.font.getAdvanceWidth(run.text, size) : size * 0.7;
}

/** The file for rarer letters is read when one of them comes. */
function fontFor(char: string, weight: Weight): opentype.Font | null {
  for (const file of FILES[weight]) {
    const font = fontOf(file);
    if (font.charToGlyphIndex(char) > 0) return font;
  }
  return null;
}

function emptyBox([x, y]: Dot, size: number): Dot[][] {
  const rectangle = (inset: number): Dot[] => {
    const [left, right, top, bottom] = [
      x + size * 0.1 + inset,
      x + size * 0.6 - inset,
      y - size * 0.7 + inset,
      y - inset,
    ];
    return [
      [left, top],
      [right, top],
      [right, bottom],
      [left, bottom],
    ];
  };
  return [rectangle(0), rectangle(2).reverse()];
}

function fontOf(file: string): opentype.Font {
  const loaded = fonts.get(file);
  if (loaded) return loaded;
  const bytes = readFileSync(require.resolve(`@fontsource/lato/files/${file}`));
  const font = opentype.parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  fonts.set(file, font);
  return font;
}

function outlinesOf(commands: readonly opentype.PathCommand[]): Dot[][] {
  const outlines: Dot[][] = [];
  let at: Dot = [0, 0];
  for (const command of commands) {
    if (command.type === 'Z') continue;
    const end: Dot = [command.x, command.y];
    if (command.type === 'M') outlines.push([end]);
    else if (command.type === 'L') outlines.at(-1)?.push(end);
    else {
      const from = at;
      const controls: Dot[] =
        command.type === 'Q'
          ? [[command.x1, command.y1]]
          : [
              [command.x1, command.y1],
              [command.x2, command.y2],
            ];
      for (let piece = 1; piece <= PIECES; piece += 1)
        outlines.at(-1)?.push(onCurve([from, ...controls, end], piece / PIECES));
    }
    at = end;
  }
  return outlines;
}

/** A Bézier curve of any degree at `share` (0 to 1), by de Casteljau. */
function onCurve(dots: readonly Dot[], share: number): Dot {
  const [first = [0, 0]] = dots;
  if (dots.length < 2) return first;
  return onCurve(
    dots.slice(1).map((dot, index): Dot => {
      const before = dots[index] ?? dot;
      return [before[0] + (dot[0] - before[0]) * share, before[1] + (dot[1] - before[1]) * share];
    }),
    share,
  );
}
