export type Fate = 'commit' | 'rollback' | 'unknown';

/** What is to be told of one change, once its fate is known. */
export interface Held {
  tell(fate: Fate, error?: unknown): void;
  /** Changes of one kind can be told of together. */
  readonly kind: string;
  /** How many rows it changed. */
  readonly rows: number;
  /** Tells of this change and others of its kind. */
  tellAll(rows: number, fate: Fate, error?: unknown): void;
}

/**
 * The place of one statement among those of its transaction, taken as soon as the database has answered: what is to be
 * told of it may come later, as hooks of the application run first.
 */
export class Place {
  protected fate: Fate | undefined;
  private error: unknown;
  private held: Held | undefined;

  /** Keeps what is to be told until the outermost transaction has ended, or the change is undone. */
  hold(held: Held): void {
    if (this.fate) held.tell(this.fate, this.error);
    else this.keep(held);
  }

  settle(fate: Fate, error?: unknown): void {
    this.fate = fate;
    this.error = error;
    this.tell(fate, error);
  }

  protected keep(held: Held): void {
    this.held = held;
  }

  protected tell(fate: Fate, error: unknown): void {
    const { held } = this;
    this.held = undefined;
    held?.tell(fate, error);
  }
}

/** The place of so many statements that they are only counted, by their kind. */
export class CrowdedPlace extends Place {
  private kinds = new Map<string, { readonly first: Held; rows: number }>();
  private mergedInto: CrowdedPlace | undefined;

  override hold(held: Held): void {
    if (this.mergedInto) this.mergedInto.hold(held);
    else super.hold(held);
  }

  /** Takes over what stands right behind it. */
  absorb(next: CrowdedPlace): void {
    for (const { first, rows } of next.kinds.values()) this.count(first, rows);
    next.kinds.clear();
    next.mergedInto = this;
  }

  protected override keep(held: Held): void {
    this.count(held, held.rows);
  }

  protected override tell(fate: Fate, error: unknown): void {
    const kinds = [...this.kinds.values()];
    this.kinds.clear();
    for (const { first, rows } of kinds) first.tellAll(rows, fate, error);
  }

  private count(held: Held, rows: number): void {
    const known = this.kinds.get(held.kind);
    if (known) known.rows += rows;
    else this.kinds.set(held.kind, { first: held, rows });
  }
}
