import { S3Error } from './errors.ts';
import { childrenNamed, childText, parseXml, type XmlContent } from './xml.ts';

export interface CorsRule {
  id: string | undefined;
  origins: readonly string[];
  methods: readonly string[];
  /** Request headers that a preflight may ask for. */
  headers: readonly string[];
  exposeHeaders: readonly string[];
  maxAgeSeconds: string | undefined;
}

const METHODS = new Set(['GET', 'PUT', 'POST', 'DELETE', 'HEAD']);

/** The body of `PutBucketCors`. @throws S3Error MalformedXML, InvalidRequest */
export function parseCorsRules(document: string): CorsRule[] {
  const rules = childrenNamed(parseXml(document, 'CORSConfiguration'), 'CORSRule').map((rule): CorsRule => {
    const texts = (name: string): string[] => childrenNamed(rule, name).map((child) => child.text.trim());
    return {
      id: childText(rule, 'ID'),
      origins: texts('AllowedOrigin'),
      methods: texts('AllowedMethod'),
      headers: texts('AllowedHeader').map((name) => name.toLowerCase()),
      exposeHeaders: texts('ExposeHeader'),
      maxAgeSeconds: childText(rule, 'MaxAgeSeconds'),
    };
  });
  if (rules.length === 0 || rules.length > 100) throw new S3Error('MalformedXML');
  for (const { origins, methods, maxAgeSeconds } of rules) {
    if (origins.length === 0 || methods.length === 0 || !/^\d{0,9}$/.test(maxAgeSeconds ?? '')) {
      throw new S3Error('MalformedXML');
    }
    const unsupported = methods.find((method) => !METHODS.has(method));
    if (unsupported !== undefined) {
      const message = `Found unsupported HTTP method in CORS config. Unsupported method is ${unsupported}`;
      throw new S3Error('InvalidRequest', { message });
    }
  }
  return rules;
}

/** The answer to `GetBucketCors`. */
export function corsConfiguration(rules: readonly CorsRule[]): XmlContent {
  return {
    CORSRule: rules.map((rule) => ({
      ID: rule.id,
      AllowedOrigin: rule.origins,
      AllowedMethod: rule.methods,
      AllowedHeader: rule.headers,
      ExposeHeader: rule.exposeHeaders,
      MaxAgeSeconds: rule.maxAgeSeconds,
    })),
  };
}

/** The headers that let a page of that origin read an answer; none if no rule allows it. */
export function corsHeaders(rules: readonly CorsRule[], origin: string, method: string): Record<string, string> {
  const rule = rules.find((candidate) => allows(candidate, origin, method));
  return rule === undefined ? {} : allowHeaders(rule, origin);
}

/** The headers that answer a preflight. @throws S3Error AccessForbidden when no rule allows it */
export function preflightHeaders(
  rules: readonly CorsRule[],
  origin: string,
  method: string,
  requestHeaders: string,
): Record<string, string> {
  if (rules.length === 0) throw new S3Error('AccessForbidden');
  const wanted = requestHeaders
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const rule = rules.find(
    (candidate) =>
      allows(candidate, origin, method) &&
      wanted.every((name) => candidate.headers.some((pattern) => matchesPattern(pattern, name))),
  );
  if (rule === undefined) {
    const message =
      'CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, request ' +
      "method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.";
    throw new S3Error('AccessForbidden', { message });
  }
  return {
    ...allowHeaders(rule, origin),
    ...(wanted.length > 0 && { 'Access-Control-Allow-Headers': wanted.join(', ') }),
    ...(rule.maxAgeSeconds !== undefined && { 'Access-Control-Max-Age': rule.maxAgeSeconds }),
  };
}

function allows(rule: CorsRule, origin: string, method: string): boolean {
  return rule.methods.includes(method) && rule.origins.some((pattern) => matchesPattern(pattern, origin));
}

function allowHeaders(rule: CorsRule, origin: string): Record<string, string> {
  const anyone = rule.origins.includes('*');
  return {
    'Access-Control-Allow-Origin': anyone ? '*' : origin,
    'Access-Control-Allow-Methods': rule.methods.join(', '),
    ...(!anyone && { 'Access-Control-Allow-Credentials': 'true' }),
    ...(rule.exposeHeaders.length > 0 && { 'Access-Control-Expose-Headers': rule.exposeHeaders.join(', ') }),
    Vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}

/** A pattern has at most one `*`, which stands for any characters. */
function matchesPattern(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star === -1) return pattern === text;
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return text.length >= head.length + tail.length && text.startsWith(head) && text.endsWith(tail);
}
