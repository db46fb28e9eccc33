/** Red, green, blue, 0 to 255. */
export type Color = readonly [number, number, number];
export type Dot = readonly [x: number, y: number];

/** Pixels to draw on, with smooth edges. Coordinates are pixels from the top left corner and may be fractions. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;

  constructor(width: number, height: number, background: Color) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(width * height * 3);
    for (let at = 0; at < this.pixels.length; at += 3) this.pixels.set(background, at);
  }

  /** A filled rectangle on whole pixels; `opacity` between 0 and 1. */
  rectangle(box: { x: number; y: number; width: number; height: number }, color: Color, opacity = 1): void {
    for (let y = Math.round(box.y); y < Math.round(box.y + box.height); y += 1)
      for (let x = Math.round(box.x); x < Math.round(box.x + box.width); x += 1) this.#blend(x, y, { color, opacity });
  }

  /** A line through dots with round corners and ends; every pixel is covered once, however often the line passes it. */
  line(dots: readonly Dot[], color: Color, thickness: number): void {
    const half = thickness / 2;
    const covered = new Map<number, number>();
    const [first] = dots;
    const segments =
      dots.length === 1 && first
        ? [[first, first] as const]
        : dots.slice(1).map((dot, index) => [dots[index] ?? dot, dot] as const);
    for (const [from, to] of segments) {
      const [left, right] = [Math.min(from[0], to[0]) - half - 1, Math.max(from[0], to[0]) + half + 1];
      const [top, bottom] = [Math.min(from[1], to[1]) - half - 1, Math.max(from[1], to[1]) + half + 1];
      for (let y = Math.max(0, Math.floor(top)); y <= Math.min(this.height - 1, Math.ceil(bottom)); y += 1) {
        for (let x = Math.max(0, Math.floor(left)); x <= Math.min(this.width - 1, Math.ceil(right)); x += 1) {
          const cover = Math.min(1, half + 0.5 - distance([x + 0.5, y + 0.5], from, to));
          const place = y * this.width + x;
          if (cover > (covered.get(place) ?? 0)) covered.set(place, cover);
        }
      }
    }
    for (const [place, opacity] of covered)
      this.#blend(place % this.width, Math.floor(place / this.width), { color, opacity });
  }

  /** Filled outlines (letters): what they enclose once is filled, what runs the other way round is a hole. */
  fill(outlines: readonly (readonly Dot[])[], color: Color): void {
    const all = outlines.flat();
    if (all.length === 0) return;
    const left = Math.floor(Math.min(...all.map(([x]) => x))) - 1;
    const top = Math.floor(Math.min(...all.map(([, y]) => y))) - 1;
    const width = Math.ceil(Math.max(...all.map(([x]) => x))) - left + 3;
    const height = Math.ceil(Math.max(...all.map(([, y]) => y))) - top + 2;
    const area = new Float32Array(width * height + 4);
    for (const outline of outlines) {
      outline.forEach((dot, index) => {
        const next = outline[(index + 1) % outline.length] ?? dot;
        addEdge(area, width, [dot[0] - left, dot[1] - top], [next[0] - left, next[1] - top]);
      });
    }
    for (let y = 0; y < height; y += 1) {
      let sum = 0;
      for (let x = 0; x < width; x += 1) {
        sum += area[y * width + x] ?? 0;
        const opacity = Math.min(1, Math.abs(sum));
        if (opacity > 0.004) this.#blend(left + x, top + y, { color, opacity });
      }
    }
  }

  #blend(x: number, y: number, paint: { color: Color; opacity: number }): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = (y * this.width + x) * 3;
    for (let channel = 0; channel < 3; channel += 1) {
      const under = this.pixels[at + channel] ?? 0;
      this.pixels[at + channel] = Math.round(under + ((paint.color[channel] ?? 0) - under) * paint.opacity);
    }
  }
}

function distance(dot: Dot, from: Dot, to: Dot): number {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = dx * dx + dy * dy;
  const share =
    length === 0 ? 0 : Math.max(0, Math.min(1, ((dot[0] - from[0]) * dx + (dot[1] - from[1]) * dy) / length));
  return Math.hypot(dot[0] - from[0] - share * dx, dot[1] - from[1] - share * dy);
}

/** Adds what an edge encloses to its right, pixel by pixel, so that the running sum of a row is the covered share of each pixel. */
function addEdge(area: Float32Array, width: number, from: Dot, to: Dot): void {
  if (from[1] === to[1]) return;
  const sign = from[1] < to[1] ? 1 : -1;
  const [upper, lower] = sign > 0 ? [from, to] : [to, from];
  const slope = (lower[0] - upper[0]) / (lower[1] - upper[1]);
  for (let y = Math.floor(upper[1]); y < Math.ceil(lower[1]); y += 1) {
    const [begin, end] = [Math.max(y, upper[1]), Math.min(y + 1, lower[1])];
    const [x0, x1] = [upper[0] + (begin - upper[1]) * slope, upper[0] + (end - upper[1]) * slope];
    const [left, right] = [Math.min(x0, x1), Math.max(x0, x1)];
    const rise = (end - begin) * sign;
    const span = right - left;
    for (let x = Math.floor(left); x <= Math.floor(right); x += 1) {
      const [a, b] = [Math.max(x, left), Math.min(x + 1, right)];
      const part = span === 0 ? rise : (rise * (b - a)) / span;
      if (part === 0) continue;
      const kept = part * (x + 1 - (a + b) / 2);
      const place = y * width + x;
      area[place] = (area[place] ?? 0) + kept;
      area[place + 1] = (area[place + 1] ?? 0) + part - kept;
    }
  }
}
