import { report } from '../event/guard.ts';
import type { Redactor } from '../event/redact.ts';
import { type BeforeImagesChoice, type ModelChoice, type ModelChoices, isModelChoice } from './model-options.ts';
import type { Included } from './sequelize-included.ts';
import type { Told } from './sequelize-recorder.ts';
import { type Row, rowWithout } from './sequelize-row.ts';
import type { ImageRules } from './sequelize-select-before.ts';
import type { ModelShape } from './sequelize-shape.ts';

/** Of one statement. */
const MOST_IMAGES = 1000;

/** What is recorded of which model: what the options say wins over what the model was defined with. */
export class ModelRules {
  readonly #given: ModelChoices;
  readonly #redactor: Redactor;
  /** By the name of the model, and by that of its table, which is all that SQL tells. */
  readonly #choices = new Map<string, ModelChoice>();
  /** Whether what is looked at is recorded of some model, whatever the option `reads` says. */
  readsSome = false;

  constructor(given: ModelChoices, redactor: Redactor) {
    this.#given = given;
    this.#redactor = redactor;
    for (const [name, choice] of Object.entries(given)) {
      this.#take(name, choice);
      this.#hide(sensitiveIn(choice));
    }
  }

  /** To be called for each model, when it has been defined. */
  learn(model: ModelShape): void {
    const { name: modelName, tableName, rawAttributes } = model;
    const choice = this.#given[modelName] ?? defined(model);
    const columnOf = (name: string): string => rawAttributes[name]?.field ?? name;
    const marked = Object.keys(rawAttributes).filter((name) => rawAttributes[name]?.sensitive === true);
    const sensitive = [...marked, ...sensitiveIn(choice)].flatMap((name) => [name, columnOf(name)]);
    const renamed = Object.keys(rawAttributes).filter((name) => columnOf(name) !== name);
    this.#hide([...sensitive, ...renamed.filter((name) => this.#isSecret(columnOf(name)))]);
    if (choice === undefined) return;
    this.#take(modelName, choice);
    this.#take(tableName, choice);
  }

  /** Whether nothing is recorded of a model, or of a table. */
  leavesOut(model: string): boolean {
    return this.#choices.get(model) === false;
  }

  /** What is to be recorded of a statement; undefined for nothing. */
  shown(told: Told, reads: boolean): Told | undefined {
    const choice = this.#choices.get(told.model);
    if (choice === false) return undefined;
    if (told.action === 'READ' && !(choice?.reads ?? reads)) return undefined;
    const shown = this.#withoutIncluded(told, reads);
    return choice?.exclude ? without(shown, choice.exclude) : shown;
  }

  /** Without the rows of other models whose reads aren't recorded. */
  #withoutIncluded(told: Told, reads: boolean): Told {
    const { included, ...extra } = (told.extra ?? {}) as { readonly included?: readonly Included[] };
    if (!included || told.action !== 'READ') return told;
    const shown = included.filter(({ model }) => {
      const choice = this.#choices.get(model);
      return choice !== false && (choice?.reads ?? reads);
    });
    return { ...told, extra: shown.length > 0 ? { ...extra, included: shown } : extra };
  }

  /** Which rows of a model are to be selected before they are changed; undefined for none. */
  imagesOf(model: string, byDefault: BeforeImagesChoice): ImageRules | undefined {
    const choice = this.#choices.get(model);
    const images = choice === false ? false : (choice?.beforeImages ?? byDefault);
    if (images === false) return undefined;
    return { most: images === true ? MOST_IMAGES : images, except: (choice || {}).exclude ?? [] };
  }

  /** An attribute may have another name than its column, which says that it is one. */
  #isSecret(column: string): boolean {
    return this.#redactor.field(column, PROBE, '') !== PROBE;
  }

  /** The redactor forgets what it has decided on, so it isn't told of nothing. */
  #hide(names: readonly string[]): void {
    if (names.length > 0) this.#redactor.addNames(names);
  }

  /** Of two models of one name, in two databases, one that is recorded counts. */
  #take(name: string, choice: ModelChoice): void {
    if (choice === false && this.#choices.has(name)) return;
    this.#choices.set(name, choice);
    this.readsSome ||= choice !== false && choice.reads === true;
  }
}

const PROBE = 'a value';

function sensitiveIn(choice: ModelChoice | undefined): readonly string[] {
  return choice ? (choice.sensitive ?? []) : [];
}

/** What a model was defined with, as its option `audit`. */
function defined({ name, options }: ModelShape): ModelChoice | undefined {
  const { audit } = options ?? {};
  if (audit === undefined || audit === true) return undefined;
  if (isModelChoice(audit)) return audit;
  report(
    `reading the option audit of the model ${name}`,
    'expected false, or an object of reads, sensitive, exclude, beforeImages',
  );
  return undefined;
}

function without(told: Told, excluded: readonly string[]): Told {
  const { row, changes, parts } = told;
  return {
    ...told,
    ...(parts && { parts: parts.map((part) => without(part, excluded)) }),
    row: row && rowWithout(row as Row, excluded),
    changes: changes?.filter(([name]) => !excluded.includes(name)),
  };
}
