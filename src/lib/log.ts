/** What the product needs of a logger; pino satisfies it. Context first, sentence second. */
export interface Log {
  debug(context: object, message: string): void;
  info(context: object, message: string): void;
  warn(context: object, message: string): void;
  error(context: object, message: string): void;
  child(context: object): Log;
}
