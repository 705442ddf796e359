import { matcher } from './matcher.ts';

/** What is shown of the two messages of an exchange: of both, of none, of one, or of both what has one of these names. */
export type Choice = 'all' | 'none' | Message | readonly string[];

/** A choice for all exchanges, for those of one direction alone, or for each its own, which is `all` where it isn't given. */
export type DirectedChoice = Choice | Direction | { readonly [direction in Direction]?: Choice };

type Message = 'request' | 'response';
export type Direction = 'incoming' | 'outgoing';

/** What a choice says of the exchanges of one direction. */
export function choiceFor(direction: Direction, choice: DirectedChoice): Choice {
  if (choice === 'incoming' || choice === 'outgoing') return choice === direction ? 'all' : 'none';
  if (typeof choice === 'string' || isList(choice)) return choice;
  return choice[direction] ?? 'all';
}

/** Whether a thing of that name, whose case doesn't count, is shown; true and false where the name doesn't matter. */
export type Chosen = boolean | ((name: string) => boolean);

export function chosen(choice: Choice, message: Message): Chosen {
  if (typeof choice === 'string') return choice === 'all' || choice === message;
  const matches = matcher(choice.map((name) => name.toLowerCase()));
  return (name) => matches(name.toLowerCase());
}

function isList(choice: object): choice is readonly string[] {
  return Array.isArray(choice);
}
