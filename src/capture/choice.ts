import { matcher } from './matcher.ts';

/** What is recorded of two directions: of both, of none, of one, or in both what has one of these names. */
export type Choice = 'all' | 'none' | Direction | readonly string[];

export type Direction = 'request' | 'response';

/** Whether a thing of that name, whose case doesn't count, is recorded; true and false where the name doesn't matter. */
export type Chosen = boolean | ((name: string) => boolean);

export function chosen(choice: Choice, direction: Direction): Chosen {
  if (typeof choice === 'string') return choice === 'all' || choice === direction;
  const matches = matcher(choice.map((name) => name.toLowerCase()));
  return (name) => matches(name.toLowerCase());
}
