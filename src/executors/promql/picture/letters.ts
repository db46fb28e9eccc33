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
const FILES: Readonly<Record<Weight, string>> = {
  normal: 'lato-latin-400-normal.woff',
  bold: 'lato-latin-700-normal.woff',
};
const fonts = new Map<Weight, opentype.Font>();
/** Straight pieces that a curve is drawn in; a letter on a phone has no use for more. */
const PIECES = 5;

/** Writes one line of text, its base line at `y`. Characters that the font does not have become `?`. */
export function writeText(canvas: Canvas, text: string, place: Dot, style: TextStyle): void {
  const font = fontOf(style.weight ?? 'normal');
  const known = [...text].map((char) => (font.charToGlyphIndex(char) > 0 ? char : '?')).join('');
  const width = font.getAdvanceWidth(known, style.size);
  const x = style.align === 'right' ? place[0] - width : style.align === 'center' ? place[0] - width / 2 : place[0];
  canvas.fill(outlinesOf(font.getPath(known, x, place[1], style.size).commands), style.color);
}

/** Width in pixels. */
export function textWidth(text: string, size: number, weight: Weight = 'normal'): number {
  return fontOf(weight).getAdvanceWidth(text, size);
}

/** As much of a text as fits, with … for the rest. */
export function fitText(text: string, width: number, style: { size: number; weight?: Weight }): string {
  if (textWidth(text, style.size, style.weight) <= width) return text;
  const chars = [...text];
  let [least, most] = [0, chars.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (textWidth(`${chars.slice(0, middle).join('')}…`, style.size, style.weight) <= width) least = middle;
    else most = middle - 1;
  }
  return `${chars.slice(0, least).join('')}…`;
}

function fontOf(weight: Weight): opentype.Font {
  const loaded = fonts.get(weight);
  if (loaded) return loaded;
  const bytes = readFileSync(require.resolve(`@fontsource/lato/files/${FILES[weight]}`));
  const font = opentype.parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  fonts.set(weight, font);
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
