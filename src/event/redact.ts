import type { Json, JsonObject } from './event.ts';
export interface RedactionOptions { readonly names?: readonly string[] }
/** One engine for all that is redacted. */
export interface Redactor {
  value(value: unknown, root: string): Json;
  object(value: object, root: string): JsonObject;
  field(name: string, value: unknown, root: string): Json | undefined;
  text(text: string): string;
  form(encoded: string, root: string): JsonObject;
  url(url: string): string;
  addNames(names: Iterable<string>): void;
}
export declare function createRedactor(options?: RedactionOptions): Redactor;
