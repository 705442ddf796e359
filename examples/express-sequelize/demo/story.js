import { Visitor } from './visitor.js';

/**
 * Two people use the blog. What is told comes in the same order each time, also of what they do at once.
 *
 * @param {string} url where the blog listens
 */
export async function tellStory(url) {
  const ada = new Visitor(url, ['Ada', 'Lovelace', 'ada@example.com', 'analytical-engine-1843']);
  const bob = new Visitor(url, ['Bob', 'Kahn', 'bob@example.com', 'best-effort-delivery-1974']);
  const chapters = [];

  await chapter('Accounts', signUpAndLogIn);
  await chapter('Articles and tags', writeAndRead);
  await chapter('What goes wrong', makeMistakes);
  await chapter('Two users at once', () => Promise.all([writeABlog(ada), writeABlog(bob)]));
  await chapter('Tidying up', tidyUp);
  return { chapters, secrets: [...ada.secrets, ...bob.secrets] };

  async function chapter(title, tell) {
    await tell();
    chapters.push({ title, steps: [...ada.takeSteps(), ...bob.takeSteps()] });
  }

  async function signUpAndLogIn() {
    for (const visitor of [ada, bob]) {
      await visitor.signUp();
      await visitor.logIn();
    }
    await ada.changeCredentials('difference-engine-1822', 'mastodon-Zx81Qd4');
  }

  async function writeAndRead() {
    await ada.does('writes an article, in a transaction', 'POST /articles', 201, FIRST);
    await ada.does('reads it', 'GET /articles/1', 200);
    await ada.does('changes its title', 'PATCH /articles/1', 200, { title: 'On the engine' });
    await ada.does('publishes it, in a transaction', 'POST /articles/1/publish', 200, { tags: ['engines', 'history'] });
    const token = ada.secret('query-Yt3Kp9');
    await ada.does('searches, with a token in the query', `GET /articles?q=engine&access_token=${token}`, 200);
    await ada.does('makes a tag', 'POST /tags', 201, { name: 'esays' });
    await ada.does('mends it', 'PATCH /tags/4', 200, { name: 'essays' });
    await bob.does('reads the tags', 'GET /tags', 200);
  }

  async function makeMistakes() {
    await ada.does('publishes it under a bad tag: rolled back', 'POST /articles/1/publish', 422, BAD_TAG);
    await ada.does('writes an article without a title', 'POST /articles', 422, { title: '' });
    await ada.does('makes a tag that exists', 'POST /tags', 409, { name: 'essays' });
    await ada.does('asks for an article that is not there', 'GET /articles/404', 404);
    await bob.does("changes Ada's article", 'PATCH /articles/1', 404, { title: 'Mine' });
    await bob.does('sends no JSON, which is a bug in the blog', 'POST /tags', 500);
    await bob.logInWith('no-password-of-mine');
  }

  async function tidyUp() {
    await ada.does('deletes a tag', 'DELETE /tags/3', 204);
    await ada.does('deletes an article, in a transaction', 'DELETE /articles/1', 204);
    await ada.does('empties her archive: a bulk delete', 'DELETE /archive', 200);
    await bob.does('reads what is left', 'GET /articles', 200);
  }
}

const FIRST = {
  title: 'Notes',
  text: 'The engine weaves patterns as the loom weaves leaves.',
  tags: ['engines', 'looms'],
};
const BAD_TAG = { tags: ['vapourware', 'No Tag!'] };

/** @param {Visitor} visitor */
async function writeABlog(visitor) {
  const articles = await Promise.all(
    ['One', 'Two', 'Three'].map((title) =>
      visitor.does('writes an article', 'POST /articles', 201, { title, tags: ['weekly', visitor.name.toLowerCase()] }),
    ),
  );
  const [first, second] = articles.map(({ id }) => `/articles/${id}`);
  await Promise.all([
    visitor.does('publishes the first', `POST ${first}/publish`, 200, { tags: ['weekly'] }),
    visitor.does('publishes the second under a bad tag: rolled back', `POST ${second}/publish`, 422, BAD_TAG),
  ]);
  await visitor.does('archives the drafts: a bulk update', 'POST /archive', 200);
}
