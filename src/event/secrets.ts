/** What counts as a secret: names that things holding one go by, and values that give themselves away under any name. */

/** What stands in the place of a secret. */
export const MASK = '[REDACTED]';

/** What labels a value beside it: `{"name": "password", "value": …}`. The first of them that is there counts. */
export const LABELS: readonly string[] = ['name', 'key', 'field', 'path'];

/**
 * Whether something called so is a secret by default, whatever the case and the separators: `userPassword`,
 * `user[password]`, `X-Api-Key`, `PGPASSWORD2`. Names that only speak about a secret are none: `passwordChangedAt`,
 * `token_type`, `cookie_policy_accepted`.
 */
export function isSecretName(name: string): boolean {
  const words = wordsOf(name);
  if (isAboutASecret(words)) return false;
  const bare = withoutCarrier(words);
  return (
    TELLING_PART.test(words.join('')) ||
    words.some((word) => TELLING_WORDS.has(word)) ||
    isToken(bare) ||
    TELLING_END.test(bare.slice(-2).join('')) ||
    TELLING_WHOLE.test(bare.join(''))
  );
}

/** The letters and digits of a name, in lower case: the same for `iban_code`, `ibanCode` and `IBAN-Code`. */
export function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '') || name;
}

/** Long enough to be a secret anywhere in a name, also where nothing separates it: `pgpassword`, `mysecretkey`. */
const TELLING_PART = new RegExp(
  [
    'passw(?:or)?d|passphrase|passcode|passkey|passwort|pswd|pwd',
    'secret(?!ar[iy]|ion)',
    'credential',
    'authorization(?!endpoint|server|ur[il])',
    'cookie',
    '(?:api|access|private|signing|encryption|master|auth|shared|hmac|app|subscription|functions?|session|recovery)keys?',
    'sess(?:ion)?id',
    '(?:card|cc|pan)num|(?:credit|debit)card|cardno$|cardpan',
    'socialsecurity|securitycode|cardcode',
    'otpauth|onetimecode|magiclink|mnemonic|seedphrase|recoveryphrase',
    '(?:mfa|2fa|twofactor|verification|recovery|backup|auth|authorization|device|reset)codes?$',
    'clientassertion|saml(?:assertion|response)|codeverifier',
  ].join('|'),
);

/** Short ones, which other words contain, count as whole words: `pin` and `userPin`, not `shipping`. */
const TELLING_WORDS = new Set('pin pins pincode puk otp otps totp hotp ssn cvv cvc csrf xsrf jwt hmac'.split(' '));

/** Too ambiguous for any place but the end: `db_pass`, not `boarding_pass`; `connect.sid`, not Twilio's `accountSid`. */
const TELLING_END =
  /^(?:(?:user|db|database|smtp|imap|mail|email|ftp|sftp|ssh|admin|root|login|auth|http|proxy|mysql|pg|postgres|redis|mongo|key|cert|old|new|confirm)pass|(?:connect|session|php)sid)$/;

/** `X-Goog-Signature` and `?sig=` open what they sign; `emailSignature` is prose. */
const TELLING_WHOLE = /^(?:pass|sid|pan|bearer|sig|signature|x\w{0,32}signature|xauth)$/;

/** `access_token`, `csrfmiddlewaretoken`, `tokens`; not `token_count` and not the tokens that language models count. */
function isToken(words: readonly string[]): boolean {
  const last = words.at(-1) ?? '';
  if (last.endsWith('token')) return true;
  return last.endsWith('tokens') && !words.some((word) => COUNTED.has(word));
}

const COUNTED = new Set(
  'prompt completion input output total reasoning cached audio text image used remaining number context budget'.split(
    ' ',
  ),
);

/** The words of a name without those that say in which form the secret is held: `token` of `tokenHash`, `tokenValue2`. */
function withoutCarrier(words: readonly string[]): readonly string[] {
  let end = words.length;
  while (end > 1 && CARRIER.test(words[end - 1] as string)) end -= 1;
  return words.slice(0, end);
}

const CARRIER =
  /^(?:value|hash(?:ed)?|digest|raw|plain(?:text)?|text|string|encrypted|encoded|base|hex|header|old|new|current|confirm(?:ation)?|\d+)$/;

function isAboutASecret(words: readonly string[]): boolean {
  if (words.length < 2) return false;
  if (words[0] === 'access' && words[1] === 'control') return true;
  return ABOUT_FIRST.has(words[0] as string) || ABOUT_LAST.has(words.at(-1) as string);
}

const ABOUT_FIRST = new Set(
  'is has must should requires require needs can allow allows show hide min max num'.split(' '),
);
const ABOUT_LAST = new Set(
  (
    'at on date time expires expiry expiration expired in count length size enabled disabled required changed updated created ' +
    'type policy policies strength attempts status accepted consent preferences notice banner domain name version age ' +
    'ttl format algorithm alg provider brand holder last month year rotation valid verified visible field label scheme ' +
    'method limit min max rules failed set error errors exception'
  ).split(' '),
);

/** `userPassword2` → `user`, `password`; `JSESSIONID` → `jsessionid`; `user[card no]` → `user`, `card`, `no`. */
function wordsOf(name: string): string[] {
  return name
    .normalize('NFKC')
    .replace(/([\p{Ll}\d])(?=\p{Lu})/gu, '$1 ')
    .replace(/(\p{Lu})(?=\p{Lu}\p{Ll})/gu, '$1 ')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .map((word) => word.replace(/(?<=\D)\d{1,4}$/, ''))
    .filter((word) => word !== '');
}

/**
 * A text with the values in it masked that are secrets wherever they stand: bearer and basic credentials, JWTs, PEM
 * blocks, the user info of URLs, card numbers. One that the text's end cuts is masked as far as it goes. Linear in time.
 */
export function maskSecretValues(text: string): string {
  if (!ANY_START.test(text)) return text;
  let shown = text;
  if (shown.includes('-----BEGIN ')) shown = shown.replace(PEM, MASK);
  if (SCHEME.test(shown)) shown = shown.replace(BEARER, `$1${MASK}`).replace(BASIC, maskBasic);
  if (shown.includes('eyJ')) shown = shown.replace(JWT, maskJwt);
  if (AUTHORITY.test(shown)) shown = shown.replace(USER_INFO, `$1${MASK}@`);
  if (FOUR_DIGITS.test(shown)) shown = shown.replace(CARD, maskCard);
  return shown;
}

/** Where any secret value may begin that {@link maskSecretValues} knows, to be put into a larger test; written for speed. */
export const SECRET_VALUE_START: string = [
  '-----BEGIN ',
  '[Bb](?:[Ee][Aa][Rr][Ee][Rr]|[Aa][Ss][Ii][Cc])(?:\\s|%20|\\+)',
  'J(?<=eyJ)', // J is rarer than e
  ':\\/\\/[^\\s\\/?#]*[@:]',
  '[2-6]\\d{3}(?:[ +-]|%20)?\\d{4}(?:[ +-]|%20)?\\d{2}', // ten digits: ids and dates of eight are common
].join('|');

/** Or where the slashes in front of one are escaped. One look is enough for most texts. */
const ANY_START = new RegExp(`${SECRET_VALUE_START}|:\\/?\\\\`);

const PEM = /-----BEGIN [^\n-]{1,64}-----[^]*?(?:-----END [^-]{0,64}(?:-----)?|$)/g;

const SCHEME = /bearer|basic/i;

/** What follows `Bearer`, unless it is prose or a challenge: `Bearer realm="api"`, `the bearer token is missing`. */
const BEARER =
  /\b(bearer(?:\s|%20|\+){1,8})(?!\[|(?:tokens?|of|auth|authentication|authorization|scheme|header|format|credentials?|realm|error|scope|is|was|must|not|and|or|in)(?:[\s=:.,;!?)"']|$))[^\s"'`,;<>()[\]{}\\&]+/gi;

const BASIC = /\b(basic(?:\s|%20|\+){1,8})(?!bearer|realm)([\w+/-]+={0,2})/gi;

/** `Basic` is a common word: what follows is masked if it decodes to `user:password` or can hardly be a word. */
function maskBasic(match: string, scheme: string, credentials: string): string {
  const isCredentials =
    credentials.endsWith('=') ||
    (credentials.length >= 20 && /\d/.test(credentials)) ||
    Buffer.from(credentials, 'base64').includes(':');
  return isCredentials ? scheme + MASK : match;
}

const JWT = /eyJ[\w-]*(?:\.[\w.-]*)?/g;

/** Base64 of any JSON object starts like a JWT, a paging cursor too: it takes a dot, or an end that cut a JOSE header. */
function maskJwt(match: string, at: number, text: string): string {
  if (match.includes('.')) return MASK + (match.endsWith('.') ? '.' : '');
  const isCutHeader = at + match.length === text.length && (match.length < 8 || JOSE_HEADER.test(match));
  return isCutHeader ? MASK : match;
}

/** Base64 of `{"alg"`, `{"typ"`, `{"kid"`, `{"enc"`, `{"cty"`, `{"x5t"`, `{"x5c"`, `{"jku"`, `{"jwk"`. */
const JOSE_HEADER = /^eyJ(?:hbGci|0eXAi|raWQi|lbmMi|jdHki|4NXQi|4NWMi|qa3Ui|qd2si)/;

/** JSON may escape slashes. */
const AUTHORITY = /:\\?\/\\?\//;

/** Second form: a password that holds an unescaped `/`, `?` or `#`; what looks like a port is no password. */
const USER_INFO = /(:\\?\/\\?\/)(?:[^\s/?#"'`<>]*|[^\s/?#@:"'`<>]{0,200}:(?!\d{1,5}(?:[/?#]|$))[^\s"'`<>]{1,200})@/g;

const FOUR_DIGITS = /[2-6]\d{3}/;

/** Digits in one run or in a card's own groups; no part of a longer number, of a word, of a UUID, or of a fraction. */
const CARD =
  /(?<!\w|\d\.|[\da-f]{4}-)(?:[2-6]\d{12,18}|[2-6]\d{3}([ +-]|%20)\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?|3\d{3}([ +-]|%20)\d{6}\2\d{4,5})(?!\w)/gi;

/** What stands between the groups, also as a URL has it. */
const BETWEEN = /[ +-]|%20/g;

const LAST_GROUP = /(?:[ +-]|%20)\d+$/;

function maskCard(match: string): string {
  if (isCardNumber(match.replace(BETWEEN, ''))) return MASK;
  // What stands behind the last group may be another number: 4111 1111 1111 1111 123.
  const last = match.search(LAST_GROUP);
  return last !== -1 && isCardNumber(match.slice(0, last).replace(BETWEEN, '')) ? MASK + match.slice(last) : match;
}

/**
 * A text that was cut, with what its end may have cut masked as far as it goes, where only the rest would tell that it
 * is a secret: a card number, the user info of a URL.
 */
export function maskCutValue(text: string): string {
  const end = text.slice(-MAX_CUT);
  return text.slice(0, -MAX_CUT) + end.replace(CUT_CARD, MASK).replace(CUT_USER_INFO, `$1${MASK}`);
}

const MAX_CUT = 512;

const CUT_CARD = /(?<![\w.])[2-6]\d{3}(?:(?:[ +-]|%20)?\d){2,18}(?:[ +-]|%2?0?)?$/;

/** What looks like a port is no password. */
const CUT_USER_INFO =
  /((?::|%3a)(?:\\?\/|%2f){2})(?:(?!%2f|%3a)[^\s/?#@:["'`<>])*(?::|%3a)(?!\d{0,5}(?:[/?#]|%2f|$))[^\s"'`<>@]+$/i;

/** Whether digits are a payment card's number: its length, its issuer's range (no dates, no snowflake ids), Luhn's sum. */
export function isCardNumber(digits: string): boolean {
  return /^(?:2[2-7]|[3-6]\d)\d{11,17}$/.test(digits) && luhnSum(digits) % 10 === 0;
}

function luhnSum(digits: string): number {
  let sum = 0;
  for (let at = digits.length - 1, double = false; at >= 0; at -= 1, double = !double) {
    const digit = digits.charCodeAt(at) - 48;
    sum += double ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit;
  }
  return sum;
}
