import { report } from '../event/guard.ts';
import type { Redactor } from '../event/redact.ts';
import { type ModelChoice, type ModelChoices, isModelChoice } from './model-options.ts';
import type { Told } from './sequelize-recorder.ts';
import type { ModelShape } from './sequelize-shape.ts';

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
    for (const [name, choice] of Object.entries(given)) this.#take(name, choice);
  }

  /** To be called for each model, when it has been defined. */
  learn(model: ModelShape): void {
    for (const [name, attribute] of Object.entries(model.rawAttributes)) {
      if (attribute.sensitive === true) this.#redactor.addNames([name, attribute.field ?? name]);
    }
    const choice = this.#given[model.name] ?? defined(model);
    if (choice === undefined) return;
    this.#take(model.name, choice);
    this.#take(model.tableName, choice);
    if (choice === false) return;
    const columns = choice.sensitive?.map((name) => model.rawAttributes[name]?.field ?? name);
    if (columns) this.#redactor.addNames(columns);
  }

  /** What is to be recorded of a statement; undefined for nothing. */
  shown(told: Told, reads: boolean): Told | undefined {
    const choice = this.#choices.get(told.model);
    if (choice === false) return undefined;
    if (told.action === 'READ' && !(choice?.reads ?? reads)) return undefined;
    return choice?.exclude ? without(told, choice.exclude) : told;
  }

  /** Of two models of one name, in two databases, one that is recorded counts. */
  #take(name: string, choice: ModelChoice): void {
    if (choice === false && this.#choices.has(name)) return;
    this.#choices.set(name, choice);
    if (choice === false) return;
    this.readsSome ||= choice.reads === true;
    if (choice.sensitive) this.#redactor.addNames(choice.sensitive);
  }
}

/** What a model was defined with, as its option `audit`. */
function defined({ name, options }: ModelShape): ModelChoice | undefined {
  const { audit } = options ?? {};
  if (audit === undefined || audit === true) return undefined;
  if (isModelChoice(audit)) return audit;
  report(`reading the option audit of the model ${name}`, 'expected false, or an object of reads, sensitive, exclude');
  return undefined;
}

function without(told: Told, excluded: readonly string[]): Told {
  const { row, changes } = told;
  return {
    ...told,
    row: row && Object.fromEntries(Object.entries(row).filter(([name]) => !excluded.includes(name))),
    changes: changes?.filter(([name]) => !excluded.includes(name)),
  };
}
