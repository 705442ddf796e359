/** `true` for at most 1,000 rows of one statement, or how many. */
export type BeforeImagesChoice = boolean | number;

/** What is recorded of one model. */
export interface ModelOptions {
  /** Record what is looked at. @default that of the option `reads` */
  readonly reads?: boolean | undefined;
  /**
   * Attributes whose values never appear. Their names are secrets everywhere, as those of attributes that are defined with
   * `sensitive: true`.
   *
   * @default []
   */
  readonly sensitive?: readonly string[] | undefined;
  /** Attributes that the records of the model leave out: what is large, and says nothing. @default [] */
  readonly exclude?: readonly string[] | undefined;
  /** Select rows before a statement changes several at once. @default that of the option `beforeImages` */
  readonly beforeImages?: BeforeImagesChoice | undefined;
}

/** `false` for a model that is not recorded at all. */
export type ModelChoice = false | ModelOptions;

/** By the name of the model. */
export type ModelChoices = Readonly<Record<string, ModelChoice>>;

export function isModelChoice(value: unknown): value is ModelChoice {
  if (value === false) return true;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([option, part]) => {
    if (option === 'reads') return typeof part === 'boolean';
    return option === 'beforeImages' ? isBeforeImagesChoice(part) : LISTS.has(option) && isListOfNames(part);
  });
}

export const MAX_BEFORE_IMAGES = 10_000;

export function isBeforeImagesChoice(value: unknown): value is BeforeImagesChoice {
  if (typeof value === 'boolean') return true;
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= MAX_BEFORE_IMAGES;
}

const LISTS: ReadonlySet<string> = new Set<keyof ModelOptions>(['sensitive', 'exclude']);

function isListOfNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '');
}
