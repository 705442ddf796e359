/** A small blog, as anybody might write it: nothing in here knows that it is audited. */
import { once } from 'node:events';

import express from 'express';
import { Op } from 'sequelize';

import { authenticate, hashPassword, isPassword, requireUser, tokenOf } from './auth.js';
import { HttpError, answerError } from './http-error.js';
import { logOf } from './log.js';
import { Article, ArticleTag, Tag, User, sequelize } from './models.js';

const log = logOf(import.meta.filename);
const app = express();
app.use(express.json(), authenticate);

app.post('/signup', async (request, response) => {
  const { email, firstName, lastName, password } = request.body;
  const user = await User.create({ email, firstName, lastName, passwordHash: await hashPassword(password) });
  log.info(`${firstName} signed up`, { user: user.id });
  response.status(201).json({ id: user.id });
});

app.post('/login', async (request, response) => {
  const { email, password } = request.body;
  const user = await User.findOne({ where: { email: String(email) } });
  if (!user || !(await isPassword(password, user.passwordHash))) throw new HttpError(401, 'No such user or password');
  response.json({ token: tokenOf(user) });
});

app.use(requireUser);

app.put('/account/credentials', async (request, response) => {
  const { password, mastodonToken } = request.body;
  const user = await User.findByPk(request.user.id, { rejectOnEmpty: true });
  await user.update({ passwordHash: await hashPassword(password), mastodonToken });
  response.status(204).end();
});

app.get('/articles', async (request, response) => {
  const { q = '' } = request.query;
  const articles = await Article.findAll({
    where: { title: { [Op.like]: `%${String(q)}%` } },
    include: 'tags',
    order: ['id'],
  });
  response.json(articles);
});

app.get('/articles/:id', async (request, response) => {
  const article = await Article.findByPk(request.params.id, { include: 'tags' });
  if (!article) throw new HttpError(404, 'No such article');
  response.json(article);
});

app.post('/articles', async (request, response) => {
  const { title, text, tags = [] } = request.body;
  const article = await sequelize.transaction(async (transaction) => {
    const created = await Article.create({ title, text, authorId: request.user.id }, { transaction });
    await created.setTags(await tagsNamed(tags, transaction), { transaction });
    return created;
  });
  response.status(201).json(article);
});

app.patch('/articles/:id', async (request, response) => {
  const { title, text } = request.body;
  const article = await ownArticle(request);
  response.json(await article.update({ title, text }));
});

/** Publishes an article under the tags given. With a tag that is none, nothing of it has happened. */
app.post('/articles/:id/publish', async (request, response) => {
  const article = await sequelize.transaction(async (transaction) => {
    const draft = await ownArticle(request, transaction);
    const published = await draft.update({ status: 'published' }, { transaction });
    await published.setTags(await tagsNamed(request.body.tags, transaction), { transaction });
    return published;
  });
  response.json(article);
});

app.delete('/articles/:id', async (request, response) => {
  await sequelize.transaction(async (transaction) => {
    const article = await ownArticle(request, transaction);
    await article.setTags([], { transaction });
    await article.destroy({ transaction });
  });
  response.status(204).end();
});

/** Moves the user's drafts to the archive. */
app.post('/archive', async (request, response) => {
  const [archived] = await Article.update(
    { status: 'archived' },
    { where: { authorId: request.user.id, status: 'draft' } },
  );
  response.json({ archived });
});

/** Empties the user's archive. */
app.delete('/archive', async (request, response) => {
  const deleted = await sequelize.transaction(async (transaction) => {
    const where = { authorId: request.user.id, status: 'archived' };
    const articles = await Article.findAll({ attributes: ['id'], where, transaction });
    await ArticleTag.destroy({ where: { articleId: articles.map(({ id }) => id) }, transaction });
    return Article.destroy({ where, transaction });
  });
  response.json({ deleted });
});

app.get('/tags', async (_request, response) => {
  response.json(await Tag.findAll({ order: ['name'] }));
});

app.post('/tags', async (request, response) => {
  response.status(201).json(await Tag.create({ name: request.body.name }));
});

app.patch('/tags/:id', async (request, response) => {
  const tag = await existingTag(request);
  response.json(await tag.update({ name: request.body.name }));
});

app.delete('/tags/:id', async (request, response) => {
  const tag = await existingTag(request);
  await ArticleTag.destroy({ where: { tagId: tag.id } });
  await tag.destroy();
  response.status(204).end();
});

app.use((request) => {
  throw new HttpError(404, `There is no ${request.path}`);
});
app.use(answerError);

await sequelize.sync();
const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
await once(server, 'listening');
console.log(`Listening on http://127.0.0.1:${server.address().port}`);

process.once('SIGTERM', stop).once('SIGINT', stop);

function stop() {
  log.info('Stopping');
  server.close(() => void sequelize.close());
}

/** An article that the user may change. */
async function ownArticle({ params, user }, transaction) {
  const article = await Article.findOne({ where: { id: params.id, authorId: user.id }, transaction });
  if (!article) throw new HttpError(404, 'No such article of yours');
  return article;
}

async function existingTag({ params }) {
  const tag = await Tag.findByPk(params.id);
  if (!tag) throw new HttpError(404, 'No such tag');
  return tag;
}

/** The tags so named, made where there was none. */
async function tagsNamed(names, transaction) {
  const tags = [];
  for (const name of names) {
    const [tag] = await Tag.findOrCreate({ where: { name }, transaction });
    tags.push(tag);
  }
  return tags;
}
