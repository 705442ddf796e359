/**
 * One request and its answer.
 *
 * @typedef {object} Step
 * @property {string} who
 * @property {string} what
 * @property {string} method
 * @property {string} target
 * @property {number} status
 * @property {string} requestId sent as `x-request-id`
 * @property {string} userId of who was logged in, else `""`
 */

/** Somebody who uses the blog, and remembers what was done and which secrets were sent. */
export class Visitor {
  /** @type {string[]} */
  secrets = [];
  /** @type {Step[]} */
  #steps = [];
  #url;
  #person;
  #count = 0;
  #signedUpAs = '';
  #userId = '';
  #token = '';

  /**
   * @param {string} url
   * @param {[firstName: string, lastName: string, email: string, password: string]} person
   */
  constructor(url, [firstName, lastName, email, password]) {
    this.name = firstName;
    this.#url = url;
    this.#person = { email, firstName, lastName, password: this.secret(password) };
  }

  async signUp() {
    const { id } = await this.does('signs up', 'POST /signup', 201, this.#person);
    this.#signedUpAs = id;
  }

  async logIn() {
    const { email, password } = this.#person;
    const { token } = await this.does('logs in', 'POST /login', 200, { email, password });
    this.#token = token;
    this.secret(token.split('.')[1]);
    this.#userId = this.#signedUpAs;
  }

  /** @param {string} password a wrong one */
  async logInWith(password) {
    const { email } = this.#person;
    await this.does('logs in with a wrong password', 'POST /login', 401, { email, password: this.secret(password) });
  }

  /**
   * @param {string} password
   * @param {string} mastodonToken
   */
  async changeCredentials(password, mastodonToken) {
    const body = { password: this.secret(password), mastodonToken: this.secret(mastodonToken) };
    await this.does('sends a new password and a token', 'PUT /account/credentials', 204, body);
  }

  /**
   * Sends a request.
   *
   * @param {string} what
   * @param {string} request method and target: `GET /tags`
   * @param {number} expected the status of the answer
   * @param {object} [body]
   * @returns {Promise<any>} the answer
   * @throws Error for any other status
   */
  async does(what, request, expected, body) {
    const [method = '', target = ''] = request.split(' ');
    const requestId = `${this.name.toLowerCase()}-${++this.#count}`;
    const step = { who: this.name, what, method, target, status: expected, requestId, userId: this.#userId };
    this.#steps.push(step);
    const response = await fetch(this.#url + target, {
      method,
      headers: {
        'x-request-id': requestId,
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    if (response.status !== expected)
      throw new Error(`${request}: expected ${expected}, got ${response.status} ${text}`);
    return text && JSON.parse(text);
  }

  /**
   * Remembers what must not be found in a record.
   *
   * @param {string} secret
   */
  secret(secret) {
    this.secrets.push(secret);
    return secret;
  }

  takeSteps() {
    return this.#steps.splice(0);
  }
}
