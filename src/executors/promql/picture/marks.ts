import type { Canvas, Color, Dot } from './canvas.ts';

/** How a mark is painted: in the colour of its line, with a rim of the ground's so that it stands out where lines cross. */
export type MarkPaint = { readonly color: Color; readonly ground: Color };

/** Corners around the middle, for a mark of radius 1. One shape for each line, so that nobody has to tell colours apart. */
const SHAPES: readonly (readonly Dot[])[] = [
  corners(16, 0.95),
  [
    [-0.85, -0.85],
    [0.85, -0.85],
    [0.85, 0.85],
    [-0.85, 0.85],
  ],
  corners(3, 1.2),
  corners(4, 1.2),
  corners(3, -1.2),
  [
    [-0.4, -1.1],
    [0.4, -1.1],
    [0.4, -0.4],
    [1.1, -0.4],
    [1.1, 0.4],
    [0.4, 0.4],
    [0.4, 1.1],
    [-0.4, 1.1],
    [-0.4, 0.4],
    [-1.1, 0.4],
    [-1.1, -0.4],
    [-0.4, -0.4],
  ],
];
const RADIUS = 8;
const RIM = 3;
/** Pixels from mark to mark on one line. */
const SPACING = 168;

/** The mark of line number `index`, its middle at `place`. */
export function drawMark(canvas: Canvas, index: number, place: Dot, paint: MarkPaint): void {
  const shape = SHAPES[index % SHAPES.length] ?? [];
  for (const [radius, color] of [
    [RADIUS + RIM, paint.ground],
    [RADIUS, paint.color],
  ] as const)
    canvas.fill([shape.map(([x, y]): Dot => [place[0] + x * radius, place[1] + y * radius])], color);
}

/**
 * Where the marks of one line stand: regularly across the plot, each line's beside those of the others, so that lines that lie on one
 * another are all seen; at least one for a line that has dots.
 */
export function markPlaces(
  lines: readonly (readonly Dot[])[],
  use: { readonly index: number; readonly of: number; readonly left: number },
): Dot[] {
  const places: Dot[] = [];
  const first = use.left + (SPACING * (use.index + 0.5)) / use.of;
  for (const line of lines)
    line.slice(1).forEach((to, at) => {
      const from = line[at] ?? to;
      for (let x = first + SPACING * Math.ceil((from[0] - first) / SPACING); x < to[0]; x += SPACING)
        if (x >= from[0]) places.push([x, from[1] + ((to[1] - from[1]) * (x - from[0])) / (to[0] - from[0])]);
    });
  const longest = lines.reduce<readonly Dot[]>((most, line) => (line.length > most.length ? line : most), []);
  const middle = longest[Math.floor(longest.length / 2)];
  return places.length > 0 || middle === undefined ? places : [middle];
}

function corners(count: number, radius: number): Dot[] {
  return Array.from({ length: count }, (_item, index): Dot => {
    const angle = (index / count) * 2 * Math.PI;
    return [Math.sin(angle) * Math.abs(radius), -Math.cos(angle) * radius];
  });
}
