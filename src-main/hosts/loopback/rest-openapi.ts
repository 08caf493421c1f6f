import { z } from 'zod'
import { restScopes, type TreasuryRow } from '../../../src-shared/treasury/row.ts'
import { API, pathMembers, type Route, routes } from './rest-routes.ts'

/* The description of the REST door (OpenAPI 3.1), from the table of commands and nothing else. */

type Json = Record<string, unknown>

/** Where the door describes itself. */
export const OPENAPI_PATH = `${API}/openapi.json`

const about = `What an entity's programs can ask of the treasury in this Granary. Each request needs a token that the entity made, as \
\`Authorization: Bearer …\`; it acts as that entity, within its scopes. Amounts are decimal texts in tokens, with at most 7 decimals ("12.5"), times \
are seconds since the epoch. A POST needs an Idempotency-Key: the same key with the same body does it once and answers the same. Errors have a \
stable code, a message for people, and the field that is meant, if one is.`

const errors: Record<string, string> = {
  400: 'The request is not valid; `field` says where.',
  401: 'There is no token, or it is not good (any more).',
  402: 'There is not enough to do it with.',
  403: "The token's scopes do not take this in, or it belongs to another entity, or takes the administrator.",
  404: 'There is no such thing.',
  409: 'It is in a state that does not allow this, or the Idempotency-Key was used for something else.',
  429: 'Too many requests; Retry-After says how many seconds to wait.',
}
/** Of a POST only. */
const bodyErrors: Record<string, string> = { 413: 'The body is too big.', 415: 'The body is not JSON.' }

const errorSchema = {
  type: 'object',
  properties: {
    code: { type: 'string', description: 'stable, for programs' },
    message: { type: 'string', description: 'what happened, and the way out' },
    field: { type: ['string', 'null'], description: 'the member that is meant' },
  },
  required: ['code', 'message', 'field'],
}

const keyParameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: true,
  description: 'any text of your own, for each command another one; the same one again does it once',
  schema: { type: 'string', minLength: 1, maxLength: 100, pattern: '^[!-~]+$' },
}

/** The whole description. `version`: of Granary. */
export function openApi(version: string): Json {
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = `/${route.segments.map(segment => segment.replace(/^:(.*)$/, '{$1}')).join('/')}`
    paths[path] = { ...paths[path], [route.rest.method.toLowerCase()]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Granary', version, description: about, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: API }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: `A token that an entity made, with scopes of: ${restScopes.join(', ')}.` },
      },
      schemas: { Error: errorSchema },
      parameters: { IdempotencyKey: keyParameter },
      responses: Object.fromEntries(
        Object.entries({ ...errors, ...bodyErrors }).map(([status, text]) => [status, errorResponse(status, text)]),
      ),
    },
  }
}

function errorResponse(status: string, description: string): Json {
  const headers = status === '429' ? { 'Retry-After': { schema: { type: 'integer' } } } : undefined
  return { description, ...(headers && { headers }), content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } }
}

function operation({ name, row, rest, isShort, segments }: Route): Json {
  const inPath = pathMembers({ segments })
  const { properties, required } = schemaOf(row.in) as { properties: Record<string, Json>; required?: string[] }
  const needed = new Set(required)
  const isPost = rest.method === 'POST'
  const others = Object.keys(properties).filter(member => !inPath.includes(member) && !(isShort && member === leftOut(rest.path)))
  const parameters: Json[] = [
    ...inPath.map(member => ({ name: member, in: 'path', required: true, schema: properties[member] })),
    ...(isPost
      ? [{ $ref: '#/components/parameters/IdempotencyKey' }]
      : others.map(member => ({ name: member, in: 'query', required: needed.has(member), schema: properties[member] }))),
  ]
  const codes = Object.keys(isPost ? { ...errors, ...bodyErrors } : errors)
  return {
    // of two paths of a row, the short one is the entity's own
    operationId: isShort ? `${name}.own` : name,
    summary: row.about,
    tags: [rest.scope.split(':')[0]],
    description: whoText(row, rest.scope),
    security: [{ token: [rest.scope] }],
    parameters,
    ...(isPost && { requestBody: bodyOf(others, properties, needed) }),
    responses: {
      200: { description: 'Done.', content: { 'application/json': { schema: schemaOf(row.out) } } },
      ...Object.fromEntries(codes.map(status => [status, { $ref: `#/components/responses/${status}` }])),
    },
  }
}

function bodyOf(members: readonly string[], properties: Record<string, Json>, needed: ReadonlySet<string>): Json {
  const required = members.filter(member => needed.has(member))
  const schema = {
    type: 'object',
    properties: Object.fromEntries(members.map(member => [member, properties[member]])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  }
  return { required: required.length > 0, content: { 'application/json': { schema } } }
}

function whoText({ who }: TreasuryRow, scope: string): string {
  const administrator =
    who === 'administrator' ? ' It takes the administrator, whom no token stands for: it is always refused here (403).' : ''
  return `Scope \`${scope}\`.${administrator}`
}

/** The member of a path that may be left out, if there is one. */
function leftOut(path: string): string | undefined {
  return /:(\w+)\?$/.exec(path)?.[1]
}

/** As it goes over the wire: amounts as text, members with a default not needed. Throws for what JSON Schema has no words for. */
function schemaOf(schema: z.ZodType): Json {
  const { $schema: _dialect, ...described } = z.toJSONSchema(schema, { io: 'input' }) as Json
  return described
}
