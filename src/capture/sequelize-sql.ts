/** What one SQL text does, as far as it can be told without a parser for every dialect. */
export interface SqlText {
  /** The text with literal values replaced by `?`, without comments, cut at {@link MAX_LENGTH}. */
  readonly masked: string;
  /** The first verb that changes rows (`UPDATE`, `SELECT INTO`, `CALL` …), else `SELECT`; undefined for all else. */
  readonly operation: string | undefined;
  /** The table that `operation` changes, `""` where it isn't plain to see. */
  readonly table: string;
  /** Whether it reads from a table that isn't the database's own catalogue. */
  readonly readsRows: boolean;
}

const MAX_LENGTH = 8192;

/** Reads an SQL text once from left to right, whatever it holds: the time grows with its length alone. */
export function readSql(sql: string, dialect = ''): SqlText {
  const statements = new StatementReader(dialect);
  let masked = '';
  for (const token of tokens(sql, dialect)) {
    statements.read(token);
    if (masked.length <= MAX_LENGTH) masked += token.text;
  }
  const { operation, table, readsRows } = statements;
  return {
    masked: masked.length > MAX_LENGTH ? `${masked.slice(0, MAX_LENGTH)}…` : masked.trim(),
    operation,
    table,
    readsRows,
  };
}

/** `sql` with literal values replaced by `?`, without comments. */
export function maskLiterals(sql: string, dialect = ''): string {
  return readSql(sql, dialect).masked;
}

/** The verbs that change rows. `EXEC`, `CALL` and `DO` run code that may. */
const CHANGING: ReadonlySet<string> = new Set(
  'INSERT UPDATE DELETE REPLACE MERGE UPSERT TRUNCATE CALL EXEC EXECUTE DO COPY LOAD'.split(' '),
);
/** Words between a verb and its table. */
const NOISE: ReadonlySet<string> = new Set(
  'ALL FIRST INTO FROM TABLE ONLY OR IGNORE REPLACE OVERWRITE ABORT FAIL ROLLBACK LOW_PRIORITY HIGH_PRIORITY DELAYED QUICK TEMP TEMPORARY TOP PERCENT UNLOGGED'.split(
    ' ',
  ),
);
const HAS_NO_TABLE: ReadonlySet<string> = new Set(['CALL', 'EXEC', 'EXECUTE', 'DO', 'LOAD']);
/** Their bodies hold statements that don't run now. */
const ROUTINES: ReadonlySet<string> = new Set(['TRIGGER', 'FUNCTION', 'PROCEDURE', 'EVENT']);
/** What a block of T-SQL or PL/SQL begins with; its statements need no `;` between them. */
const BLOCKS: ReadonlySet<string> = new Set(['BEGIN', 'DECLARE', 'IF']);
/** Words of T-SQL that are never names, and begin a statement wherever they stand: it needs no `;` at all. */
const BEGINNINGS: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'EXEC', 'EXECUTE']);
/** Statements of T-SQL that such words are a part of. */
const NAMING: ReadonlySet<string> = new Set(['CREATE', 'ALTER', 'GRANT', 'DENY', 'REVOKE']);
/** `FROM FINAL TABLE (UPDATE …)` in Db2. */
const IN_FINAL_TABLE: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);
const CATALOGUE = /^(?:information_schema|sqlite_\w+|pg_\w+|sys|performance_schema|mysql|syscat|sysibm|dual)$/i;

/** Follows the statements of a text to find the first that changes rows. */
class StatementReader {
  operation: string | undefined;
  table = '';
  readsRows = false;

  private readonly dialect: string;
  /** The verb that the statement in hand began with. */
  private first = '';
  private previous = '';
  private depth = 0;
  private inRoutine = false;
  private tableOpen = false;
  private sawFrom = false;
  private ended = false;

  constructor(dialect: string) {
    this.dialect = dialect;
  }

  read({ kind, text }: Token): void {
    if (kind === 'space' || this.ended) return;
    if (kind === 'word') this.word(text, text.toUpperCase());
    else if (kind === 'name') this.name(unquoted(text));
    else this.sign(text);
    this.previous = kind === 'word' ? text.toUpperCase() : kind === 'name' ? 'a name' : text;
  }

  private word(text: string, upper: string): void {
    if (this.first === '') {
      this.first = upper;
      this.begin(upper);
    } else if (this.tableOpen) {
      if (!NOISE.has(upper)) this.name(text);
    } else if (this.first === 'WITH' && (this.previous === '(' || this.previous === ')')) {
      this.begin(upper);
    } else if (BLOCKS.has(this.first) && CHANGING.has(upper) && this.previous !== 'FOR') {
      this.begin(upper);
    } else if (this.beginsWithin(upper)) {
      this.begin(upper);
    } else if (this.first === 'CREATE' && ROUTINES.has(upper)) {
      this.inRoutine = true;
    } else if (upper === 'INTO' && this.selectsInto()) {
      this.change('SELECT INTO');
    } else if (upper === 'FROM' || upper === 'JOIN') {
      this.sawFrom = true;
      return;
    } else if (this.previous === 'FROM' || this.previous === 'JOIN') {
      this.source(text);
    }
  }

  private beginsWithin(upper: string): boolean {
    if (this.dialect === 'db2') return this.previous === '(' && IN_FINAL_TABLE.has(upper);
    return this.dialect === 'mssql' && this.depth <= 0 && BEGINNINGS.has(upper) && !NAMING.has(this.first);
  }

  private name(name: string): void {
    if (this.tableOpen) {
      if (this.table === '' || this.previous === '.') this.table = name;
      else this.tableOpen = false;
    } else if (this.previous === 'FROM' || this.previous === 'JOIN') this.source(name);
  }

  private sign(sign: string): void {
    if (sign === '(') this.depth += 1;
    else if (sign === ')') this.depth -= 1;
    if (sign === ';' && this.depth <= 0) {
      // The driver of SQLite runs the first statement alone.
      this.ended = this.dialect === 'sqlite' && this.first !== '';
      this.first = '';
      this.depth = 0;
      this.sawFrom = false;
    }
    if (sign !== '.' && this.table !== '') this.tableOpen = false;
    if (sign === ';' || (sign === '(' && this.previous !== 'TOP')) this.tableOpen = false;
  }

  private begin(verb: string): void {
    if (this.inRoutine) return;
    if (CHANGING.has(verb)) this.change(verb);
    else if (verb === 'SELECT') this.operation ??= 'SELECT';
  }

  private change(operation: string): void {
    if (this.operation !== undefined && this.operation !== 'SELECT') return;
    this.operation = operation;
    this.tableOpen = !HAS_NO_TABLE.has(operation);
  }

  /** `SELECT … INTO new_table FROM`; MySQL's `INTO @variable` and `INTO OUTFILE` change no row. */
  private selectsInto(): boolean {
    return this.operation === 'SELECT' && this.depth === 0 && !this.sawFrom && !isMySql(this.dialect);
  }

  private source(name: string): void {
    if (!CATALOGUE.test(name)) this.readsRows = true;
  }
}

interface Token {
  readonly kind: 'word' | 'name' | 'literal' | 'sign' | 'space';
  /** As it may be shown: a literal is `?`, a comment is a space. */
  readonly text: string;
}

/** Sticky, and none of them can backtrack: a run of one class, or a search for one end. */
const SPACE = /\s+/y;
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const NUMBER = /(?:0[xX][\da-fA-F]+|0[bB][01]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)/y;
const PARAMETER = /(?:\$\d+|@[\p{L}\p{N}_$]+|[:?$][\p{L}\p{N}_]+|::)/uy;
const DOLLAR_QUOTE = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;
/** Before a quote: `N'…'`, `E'…'`, `X'…'`, `B'…'`, MySQL's `_utf8'…'`. */
const PREFIX = /^(?:[NEXB]|_\w+)$/i;
/** Oracle's `q'[it's]'`. */
const OWN_QUOTES = /^n?q$/i;
const CLOSING: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}', '<': '>' };
const MONEY = /\$\d[\d,]*(?:\.\d*)?/y;
/** Where `$` begins a quoted text; elsewhere it is a part of names. */
const HAS_DOLLAR_QUOTES: ReadonlySet<string> = new Set(['', 'postgres', 'snowflake']);

function* tokens(sql: string, dialect: string): Generator<Token> {
  const mySql = isMySql(dialect);
  const hasBackslashes = mySql || dialect === 'snowflake';
  let at = 0;
  let previous: Token = { kind: 'space', text: '' };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0];
  };
  while (at < sql.length) {
    const start = at;
    const [token, end] = next();
    at = end;
    if (token.kind !== 'space') previous = token;
    if (end <= start) return;
    yield token;
  }

  function next(): [Token, end: number] {
    const char = sql[at] ?? '';
    const two = sql.slice(at, at + 2);
    const space = match(SPACE);
    if (space) return [SPACE_TOKEN, at + space.length];
    if (two === '--' || (mySql && char === '#') || (dialect === 'snowflake' && two === '//'))
      return [SPACE_TOKEN, endOfLine(sql, at)];
    if (two === '/*') {
      // MySQL runs what stands in `/*! … */`.
      if (mySql && sql[at + 2] === '!') return [SPACE_TOKEN, at + 3];
      return [SPACE_TOKEN, endOfComment(sql, at, dialect === 'postgres')];
    }
    if (char === "'") return [LITERAL, endOfQuoted(sql, at, hasBackslashes)];
    if (char === '"') return doubleQuoted();
    if (char === '`') return quotedName('`');
    if (char === '[' && dialect === 'mssql') return quotedName(']');
    if (char === '$' && HAS_DOLLAR_QUOTES.has(dialect)) {
      const quote = match(DOLLAR_QUOTE);
      if (quote) return [LITERAL, after(sql, quote, at + quote.length)];
    }
    const money = dialect === 'mssql' ? match(MONEY) : undefined;
    if (money) return [LITERAL, at + money.length];
    const parameter = match(PARAMETER);
    if (parameter) return [{ kind: 'sign', text: parameter }, at + parameter.length];
    const word = match(WORD);
    if (word) return wordOrLiteral(word);
    const number = match(NUMBER);
    if (number) return [LITERAL, at + number.length];
    return [{ kind: 'sign', text: char }, at + 1];
  }

  function wordOrLiteral(word: string): [Token, end: number] {
    const end = at + word.length;
    if (sql[end] === "'" && PREFIX.test(word))
      return [LITERAL, endOfQuoted(sql, end, hasBackslashes || /^e$/i.test(word))];
    if (sql[end] === "'" && dialect === 'oracle' && OWN_QUOTES.test(word)) {
      const open = sql[end + 1] ?? '';
      return [LITERAL, after(sql, `${CLOSING[open] ?? open}'`, end + 2)];
    }
    return [{ kind: 'word', text: word }, end];
  }

  /** A string in MySQL. A name in standard SQL; SQLite takes it for a string where there is no such column. */
  function doubleQuoted(): [Token, end: number] {
    const end = endOfQuoted(sql, at, mySql);
    const isName = !mySql && (dialect !== 'sqlite' || standsForName(end));
    return [isName ? { kind: 'name', text: sql.slice(at, end) } : LITERAL, end];
  }

  function standsForName(end: number): boolean {
    return previous.text === '.' || sql[end] === '.' || NAME_FOLLOWS.has(previous.text.toUpperCase());
  }

  function quotedName(close: string): [Token, end: number] {
    const end = endOfQuoted(sql, at, false, close);
    return [{ kind: 'name', text: sql.slice(at, end) }, end];
  }
}

const SPACE_TOKEN: Token = { kind: 'space', text: ' ' };
const LITERAL: Token = { kind: 'literal', text: '?' };
const NAME_FOLLOWS: ReadonlySet<string> = new Set(
  'INTO FROM UPDATE TABLE JOIN IGNORE REPLACE SET WHERE AND OR ON BY AS'.split(' '),
);

function isMySql(dialect: string): boolean {
  return dialect === 'mysql' || dialect === 'mariadb';
}

/** Where the quoted text that starts at `start` ends. A doubled quote stands for itself; an open end is the end. */
function endOfQuoted(sql: string, start: number, backslashes: boolean, close = sql[start] ?? ''): number {
  for (let at = start + 1; at < sql.length; at += 1) {
    if (backslashes && sql[at] === '\\') at += 1;
    else if (sql[at] === close) {
      if (sql[at + 1] !== close) return at + 1;
      at += 1;
    }
  }
  return sql.length;
}

function endOfLine(sql: string, start: number): number {
  const end = sql.indexOf('\n', start);
  return end === -1 ? sql.length : end;
}

function endOfComment(sql: string, start: number, nests: boolean): number {
  if (!nests) return after(sql, '*/', start + 2);
  let depth = 1;
  for (let at = start + 2; at < sql.length; at += 1) {
    const two = sql.slice(at, at + 2);
    if (two === '*/') {
      depth -= 1;
      if (depth === 0) return at + 2;
      at += 1;
    } else if (two === '/*') {
      depth += 1;
      at += 1;
    }
  }
  return sql.length;
}

function after(sql: string, needle: string, from: number): number {
  const found = sql.indexOf(needle, from);
  return found === -1 ? sql.length : found + needle.length;
}

function unquoted(name: string): string {
  return name.slice(1, -1);
}
