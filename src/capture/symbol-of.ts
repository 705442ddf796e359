/** The symbol under which a library, or Node, keeps something on its objects and shows it to nobody. */
export function symbolOf(object: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(object).find((symbol) => symbol.description === description);
}
