import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isCardNumber, isSecretName, maskSecretValues } from '../../src/event/secrets.ts';

const HEADER = 'eyJhbGciOiJIUzI1NiJ9';
const JWT = `${HEADER}.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U`;
const PEM = '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKC\nAQEA\n-----END RSA PRIVATE KEY-----';

describe('a name', () => {
  const secrets = `
    password userPassword new_password_confirmation PASSWORD2 passwordHash password[] user[password] PGPASSWORD passwd pwd DB_PWD
    passphrase pass db_pass smtpPass secret client_secret clientSecret AWS_SECRET_ACCESS_KEY secrets credential credentials
    X-Amz-Credential authorization Authorization proxy-authorization PROXY_AUTHORIZATION cookie Cookie set-cookie cookies
    token tokens accessToken access_token refreshToken id_token idToken IDToken csrf-token x-xsrf-token csrfmiddlewaretoken _csrf
    x-auth-token X-Amz-Security-Token apiTokens token_hash accessTokenValue resetToken2 apikey apiKey X-Api-Key x-rapidapi-key
    private_key private_key_pem signingKey sessionId session_id JSESSIONID PHPSESSID connect.sid sid creditCardNumber cardNumber
    card_no card[number] credit_card debitCard ccNumber pan cvv CVV2 cardCvc cvc ssn SSN user.ssn socialSecurityNumber
    otp otpCode OTP userOtp totp pin PIN user_pin pinCode mfa_code mfaCode recoveryCodes backup_codes verificationCode
    client_assertion code_verifier jwt hmac sig signature x-amz-signature X-Goog-Signature X-Hub-Signature-256`;
  for (const name of secrets.trim().split(/\s+/)) {
    it(`is secret: ${name}`, () => assert.equal(isSecretName(name), true));
  }

  const harmless = `
    author authority shipping spinner passenger compass bypass boarding_pass secretary secretariat secretion keyboard monkey
    session_duration session token_count tokenCount maxTokens max_tokens prompt_tokens tokenType token_type token_endpoint
    tokenizer cookie_policy_accepted cookieConsent passwordChangedAt password_expires_at mustChangePassword hasPassword
    isSecret pinned spin opinion hotpot pancake accountSid messageSid key keys primaryKey publicKey idempotency-key id name
    email code status cardType creditCardBrand card_holder client_assertion_type authorization_endpoint
    access-control-allow-credentials access-control-allow-headers content-type user-agent host compassion topping
    signatureDate InvalidPasswordError CredentialsProviderError TokenExpiredError design assign expand panel company notes iban _ 0 2fa`;
  for (const name of harmless.trim().split(/\s+/)) {
    it(`is harmless: ${name}`, () => assert.equal(isSecretName(name), false));
  }

  it('is harmless: the empty one', () => assert.equal(isSecretName(''), false));
});

describe('a value that is secret under any name', () => {
  const cases: readonly (readonly [what: string, text: string, shown: string])[] = [
    ['a bearer token', 'sent Bearer abc.def~1/2== to x', 'sent Bearer [REDACTED] to x'],
    ['a short one, in capitals', 'BEARER xxxx', 'BEARER [REDACTED]'],
    ['an escaped one', 'Bearer%20abc123', 'Bearer%20[REDACTED]'],
    ['basic credentials', 'Basic dXNlcjpwYXNz', 'Basic [REDACTED]'],
    ['padded basic credentials', '(basic YWxhZGRpbg==)', '(basic [REDACTED])'],
    ['a JWT', `id ${JWT}, ok`, 'id [REDACTED], ok'],
    ['a JWT at the end of a sentence', `It was ${JWT}.`, 'It was [REDACTED].'],
    ['a JWT behind a word', `x_${JWT}`, 'x_[REDACTED]'],
    ['a bearer JWT', `Bearer ${JWT}`, 'Bearer [REDACTED]'],
    ['a JWT cut in its payload', JWT.slice(0, 30), '[REDACTED]'],
    ['a JWT cut in its header', `id ${HEADER.slice(0, 15)}`, 'id [REDACTED]'],
    ['a PEM block', `key: ${PEM}\nnext`, 'key: [REDACTED]\nnext'],
    ['a PEM block with escaped line breaks', `"${PEM.replaceAll('\n', '\\n')}"`, '"[REDACTED]"'],
    ['a cut PEM block', `x ${PEM.slice(0, 45)}`, 'x [REDACTED]'],
    ['two PEM blocks', `${PEM} and ${PEM}`, '[REDACTED] and [REDACTED]'],
    ['a card number', 'card 4111111111111111.', 'card [REDACTED].'],
    ['a card number with blanks', '4111 1111 1111 1111', '[REDACTED]'],
    ['an escaped card number', 'n=4111%201111%201111%201111&m=4111+1111+1111+1111', 'n=[REDACTED]&m=[REDACTED]'],
    ['a card number with dashes', 'card-5555-5555-5555-4444!', 'card-[REDACTED]!'],
    ['a card number with its code', '4111 1111 1111 1111 123', '[REDACTED] 123'],
    ['an Amex number', '3782 822463 10005', '[REDACTED]'],
    ['user info', 'postgres://user:pass@host/db', 'postgres://[REDACTED]@host/db'],
    ['user info behind escaped slashes', '"postgres:\\/\\/user:pass@host"', '"postgres:\\/\\/[REDACTED]@host"'],
    ['user info behind an escaped slash and another', 'a:\\//u:p@h', 'a:\\//[REDACTED]@h'],
    ['user info behind a slash and an escaped one', 'a:/\\/u:p@h', 'a:/\\/[REDACTED]@h'],
    ['a password with an @', 'redis://:p@ss@host', 'redis://[REDACTED]@host'],
    ['a password with a slash', 'amqp://u:p/ss@host/x', 'amqp://[REDACTED]@host/x'],
  ];
  for (const [what, text, shown] of cases) {
    it(`is masked: ${what}`, () => assert.equal(maskSecretValues(text), shown));
  }

  const harmless = [
    'the bearer token is missing',
    'Bearer realm="api", error="invalid_token"',
    'Bearer authentication is required',
    'Basic plan, basic information, Basic realm="x"',
    'cursor eyJpZCI6MTB9',
    '1700000000000',
    '4111111111111112',
    'x4111111111111111',
    '41111111111111110000000',
    '20250101123013 20250101123014 20250101123015 20250101123016 20250101123017 20250101123018',
    '550e8400-e29b-41d4-4111-111111111111',
    '52.4111111111111111',
    'http://localhost:8080/@scope/x',
    'https://example.com/a?b=c@d',
    'jane@example.com',
  ];
  for (const text of harmless) {
    it(`is something else: ${text}`, () => assert.equal(maskSecretValues(text), text));
  }
});

describe('a card number', () => {
  it('has 13 to 19 digits', () => {
    assert.equal(isCardNumber('4222222222222'), true);
    assert.equal(isCardNumber('422222222222'), false);
  });

  it('satisfies Luhn', () => {
    assert.equal(isCardNumber('6011111111111117'), true);
    assert.equal(isCardNumber('6011111111111118'), false);
  });
});
