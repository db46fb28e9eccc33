/** As much of opentype.js 2 as is used here; the package brings no types. */
declare module 'opentype.js' {
  namespace opentype {
    type PathCommand =
      | { type: 'M'; x: number; y: number }
      | { type: 'L'; x: number; y: number }
      | { type: 'Q'; x: number; y: number; x1: number; y1: number }
      | { type: 'C'; x: number; y: number; x1: number; y1: number; x2: number; y2: number }
      | { type: 'Z' };
    type Font = {
      charToGlyphIndex(char: string): number;
      getAdvanceWidth(text: string, size: number): number;
      getPath(text: string, x: number, y: number, size: number): { commands: PathCommand[] };
    };
    function parse(bytes: ArrayBuffer): Font;
  }
  export default opentype;
}
