import { priorities } from '../tickets/index.ts';
import type { Schema } from './endpoint.ts';

const id = { type: 'integer', minimum: 1 } as const;
const optionalText = { type: ['string', 'null'] } as const;
const time = { type: 'string', format: 'date-time', description: 'RFC 3339, UTC' } as const;
const priority = { type: 'string', enum: priorities } as const;
const email = { type: 'string', minLength: 3, maxLength: 320 } as const;

export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });

/** An object with exactly these properties, all of them present unless named as optional. */
export function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  return {
    type: 'object',
    additionalProperties: false,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    properties,
  };
}

const allOptional = (properties: Readonly<Record<string, Schema>>): Schema => ({
  ...object(properties, Object.keys(properties)),
  minProperties: 1,
});

/** A page of things: `next` is the cursor of the following page, or null on the last one. */
export function page(item: Schema): Schema {
  return object({ items: { type: 'array', items: item }, next: optionalText });
}

const paging = {
  limit: { type: 'integer', minimum: 1, maximum: 100, default: 25 },
  cursor: { type: 'string', minLength: 1, maxLength: 100 },
} as const;

export const pageQuery: Schema = object(paging, ['cursor', 'limit']);
export const listQuery: Schema = object(
  { ...paging, q: { type: 'string', maxLength: 1000, description: 'Filter language: is:open assignee:me tag:billing words' } },
  ['cursor', 'limit', 'q'],
);
export const searchQuery: Schema = object({ ...paging, q: { type: 'string', minLength: 1, maxLength: 1000 } }, ['cursor', 'limit']);
export const eventsQuery: Schema = object(
  { ...paging, after: { type: 'integer', minimum: 0, description: 'Id of the last event that was read' } },
  ['cursor', 'limit', 'after'],
);

const text = { type: 'string', maxLength: 1_000_000 } as const;
const fileIds = { type: 'array', maxItems: 50, items: id, description: 'Ids of uploads, see /files' } as const;
const tags = { type: 'array', maxItems: 50, items: { type: 'string', minLength: 1, maxLength: 100 } } as const;
const address = object({ email, name: { type: 'string', maxLength: 200 } }, ['name']);

export const newTicket: Schema = {
  ...object(
    {
      subject: { type: 'string', minLength: 1, maxLength: 500 },
      text,
      html: text,
      requester: { ...address, description: 'The customer; left out by customers, who write for themselves' },
      priority,
      tags,
      channel: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,19}$', default: 'api' },
      files: fileIds,
    },
    ['text', 'html', 'requester', 'priority', 'tags', 'channel', 'files'],
  ),
  anyOf: [{ required: ['text'] }, { required: ['html'] }],
};

export const ticketChanges: Schema = allOptional({
  subject: { type: 'string', minLength: 1, maxLength: 500 },
  status: { type: 'string', minLength: 1, maxLength: 60, description: 'Key of a status' },
  priority,
  assignee: { anyOf: [id, { type: 'null' }], description: 'Id of an agent' },
  tags,
  version: { type: 'integer', minimum: 1, description: 'What the editor saw; a stale one is refused with 409' },
});

export const newMessage: Schema = {
  ...object(
    {
      kind: { type: 'string', enum: ['reply', 'note'] },
      text,
      html: text,
      cc: { type: 'array', maxItems: 50, items: { anyOf: [email, address] } },
      isUnquoted: { type: 'boolean', description: 'Leaves the earlier messages out of the mail.' },
      status: { type: 'string', maxLength: 60 },
      files: fileIds,
    },
    ['text', 'html', 'cc', 'isUnquoted', 'status', 'files'],
  ),
  anyOf: [{ required: ['text'] }, { required: ['html'] }, { required: ['files'] }],
};

const personal = {
  name: { type: 'string', minLength: 1, maxLength: 200 },
  role: { type: 'string', minLength: 1, maxLength: 60, description: 'Key of a role, such as customer, agent or admin' },
  organization: { anyOf: [id, { type: 'null' }] },
  locale: { type: ['string', 'null'], maxLength: 20 },
  timeZone: { type: ['string', 'null'], maxLength: 60 },
} as const;

export const newUser: Schema = object({ ...personal, email }, Object.keys(personal));
export const userChanges: Schema = allOptional({
  ...personal,
  notes: { ...optionalText, maxLength: 100_000 },
  isActive: { type: 'boolean' },
  version: { type: 'integer', minimum: 1 },
});

const organizational = {
  name: { type: 'string', minLength: 1, maxLength: 200 },
  domains: { type: 'array', maxItems: 100, items: { type: 'string', maxLength: 255 } },
  notes: { ...optionalText, maxLength: 100_000 },
} as const;
export const newOrganization: Schema = object(organizational, ['domains', 'notes']);
export const organizationChanges: Schema = allOptional({ ...organizational, version: { type: 'integer', minimum: 1 } });

const attachment = {
  id,
  name: { type: 'string' },
  size: { type: 'integer', minimum: 0 },
  sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
} as const;
const ticket = {
  id,
  number: { type: 'integer' },
  subject: { type: 'string' },
  status: object({ key: { type: 'string' }, category: { type: 'string', enum: ['open', 'waiting', 'solved', 'closed'] } }),
  priority,
  channel: { type: 'string' },
  mailbox: orNull(object({ id, name: { type: 'string' }, address: { type: 'string' } })),
  requester: ref('Person'),
  organization: orNull(object({ id, name: { type: 'string' } })),
  assignee: orNull(ref('Person')),
  tags: { type: 'array', items: { type: 'string' } },
  version: { type: 'integer' },
  createdAt: time,
  updatedAt: time,
} as const;

/** What the answers consist of, as `components.schemas` of the OpenAPI document. */
export const components: Readonly<Record<string, Schema>> = {
  Person: object({ id, name: { type: 'string' }, email: optionalText }),
  Ticket: object(ticket),
  Found: object({ kind: { type: 'string', const: 'ticket' }, ...ticket }),
  Attachment: object({ ...attachment, contentType: { type: 'string' } }),
  File: object(attachment),
  Message: object({
    id,
    kind: { type: 'string', enum: ['reply', 'note'] },
    direction: { type: 'string', enum: ['in', 'out'] },
    author: orNull(ref('Person')),
    text: { type: 'string' },
    html: optionalText,
    attachments: { type: 'array', items: ref('Attachment') },
    messageId: optionalText,
    delivery: orNull(
      object({
        state: { type: 'string', enum: ['held', 'queued', 'sending', 'sent', 'failed', 'uncertain'] },
        attempts: { type: 'integer' },
        error: optionalText,
      }),
    ),
    createdAt: time,
  }),
  User: object({
    id,
    name: { type: 'string' },
    email: optionalText,
    role: { type: 'string' },
    organization: orNull(object({ id, name: { type: 'string' } })),
    locale: optionalText,
    timeZone: optionalText,
    notes: optionalText,
    isActive: { type: 'boolean' },
    version: { type: 'integer' },
    createdAt: time,
  }),
  Organization: object({
    id,
    name: { type: 'string' },
    domains: { type: 'array', items: { type: 'string' } },
    notes: optionalText,
    version: { type: 'integer' },
    createdAt: time,
  }),
  Event: object({
    id,
    name: { type: 'string' },
    occurredAt: time,
    actor: object({
      kind: { type: 'string', enum: ['user', 'system', 'plugin'] },
      id: { type: ['integer', 'null'] },
      plugin: optionalText,
    }),
    ticketId: { type: ['integer', 'null'] },
    payload: { type: 'object' },
  }),
  Problem: {
    type: 'object',
    description: 'RFC 9457',
    required: ['type', 'title', 'status', 'code'],
    properties: {
      type: { type: 'string' },
      title: { type: 'string' },
      status: { type: 'integer' },
      code: { type: 'string', description: 'Stable' },
    },
  },
};
