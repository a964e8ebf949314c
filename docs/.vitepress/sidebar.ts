/** The pages of the documentation in the order of the sidebar: paths below `docs/`, without `.md`. */
interface Section {
  readonly title: string;
  readonly pages: readonly string[];
}

const below = (folder: string, ...names: readonly string[]): readonly string[] =>
  names.map((name) => `${folder}/${name}`);

export const SECTIONS: readonly Section[] = [
  {
    title: 'Start',
    pages: [
      'index',
      'limitations',
      ...below('start', 'nextjs', 'vite-react', 'vue', 'sveltekit', 'script-tag', 'proxy-cli'),
      ...below('start', 'consent-onetrust', 'local-sandbox'),
    ],
  },
  {
    title: 'Migrate',
    pages: [
      ...below(
        'migrate',
        'codemod',
        'from-javascript-client',
        'from-classic-snippet',
        'from-npm-sdk',
        'from-segment',
      ),
      ...below('migrate', 'from-rudderstack', 'from-gtm', 'from-in-app-plugin', 'rollback'),
    ],
  },
  {
    title: 'Concepts',
    pages: [
      ...below('concepts', 'how-it-works', 'delivery-guarantees', 'consent-model', 'identity'),
      ...below('concepts', 'keys-and-tokens', 'security-model'),
      'glossary',
    ],
  },
  {
    title: 'Guides',
    pages: [
      ...below('guides', 'shopify', 'wordpress', 'google-tag-manager'),
      ...below('guides', 'page-views', 'typed-events', 'privacy-hooks', 'testing-your-app', 'debugging'),
      ...below('guides', 'in-app-messages', 'inbox', 'use-inbox'),
      ...below('guides', 'csp-and-strict-pages', 'safari', 'several-sites', 'browser-extension'),
      'guides/official-sdk',
      ...below('guides', 'enrich-filter-transform', 'deduplicate', 'deduplicate-stores', 'correct-clocks'),
      'guides/official-and-mobile-sdks',
    ],
  },
  {
    title: 'Consent platforms',
    pages: [
      ...below('guides/consent', 'index', 'onetrust', 'cookiebot', 'usercentrics', 'didomi', 'osano'),
      ...below('guides/consent', 'klaro', 'cookieconsent', 'tcf', 'gpp', 'gpc', 'google-consent-mode'),
      'guides/consent/your-own-banner',
    ],
  },
  {
    title: 'Customer tokens',
    pages: [
      ...below('guides/user-tokens', 'index', 'oidc', 'auth0', 'entra', 'keycloak', 'firebase'),
      ...below('guides/user-tokens', 'own-issuer', 'roll-out'),
    ],
  },
  {
    title: 'Deploy',
    pages: [
      ...below(
        'deploy',
        'choose',
        'nextjs',
        'express',
        'fastify',
        'hono',
        'bun',
        'deno',
        'vercel',
        'netlify',
      ),
      ...below('deploy', 'cloudflare-workers', 'docker', 'kubernetes', 'systemd', 'nginx', 'caddy'),
      ...below('deploy', 'cloudfront', 'cross-origin'),
    ],
  },
  {
    title: 'Operate',
    pages: [
      ...below('operate', 'production-checklist', 'health-probes', 'metrics-and-alerts', 'logs', 'runbook'),
      ...below('operate', 'load-and-outages', 'capacity', 'rotate-keys', 'check-any-proxy'),
    ],
  },
  {
    title: 'Message queues',
    pages: below(
      'operate/message-queues',
      'index',
      'nats',
      'nats-in-code',
      'kafka',
      'sqs',
      'cloudflare-queues',
    ),
  },
  {
    title: 'Privacy',
    pages: [
      ...below('privacy', 'evidence', 'data-flow', 'data-dictionary', 'storage-inventory'),
      'privacy/requests-of-persons',
    ],
  },
  {
    title: 'Reference',
    pages: [
      ...below(
        'reference',
        'options',
        'events',
        'customerio-methods',
        'messages',
        'errors',
        'script-attributes',
        'wire-format',
      ),
      ...below('reference', 'environment-variables', 'cli', 'http-api'),
      ...['browser-support', 'performance'],
    ],
  },
  {
    title: 'API',
    pages: [
      ...below(
        'reference/api/browser',
        'index',
        'functions',
        'options',
        'interfaces',
        'classes',
        'types',
        'helpers',
      ),
      ...below(
        'reference/api/official',
        'index',
        'functions',
        'options',
        'interfaces',
        'classes',
        'types',
        'helpers',
      ),
      ...below('reference/api', 'consent'),
      ...below(
        'reference/api/proxy',
        'index',
        'functions',
        'options',
        'interfaces',
        'classes',
        'types',
        'helpers',
      ),
      ...below('reference/api', 'nats', 'redis'),
    ],
  },
  {
    title: 'Errors',
    pages: [
      ...['troubleshooting', 'faq', 'errors/index'],
      ...below('errors', 'invalid-options', 'invalid-client-key', 'not-a-proxy', 'endpoint-refuses'),
      ...below('errors', 'storage-unavailable', 'plugin-failed', 'unsupported', 'auth-disabled', 'anonymous'),
      ...below('errors', 'identity-changed', 'token-unavailable', 'provider-failed', 'provider-timeout'),
      ...below('errors', 'provider-backoff', 'token-malformed', 'token-expired', 'subject-mismatch'),
      ...below('errors', 'token-rejected', 'token-blocked', 'forbidden', 'private-call-failed'),
      ...below('errors', 'not_found', 'method_not_allowed', 'origin_not_allowed', 'invalid_client_key'),
      ...below('errors', 'invalid_token', 'subject_mismatch', 'insufficient_scope'),
      ...below('errors', 'unsupported_media_type', 'unsupported_encoding', 'body_too_large', 'body_timeout'),
      ...below('errors', 'body_already_read', 'invalid_encoding', 'invalid_utf8', 'invalid_json'),
      ...below('errors', 'invalid_body', 'invalid_handle', 'invalid_batch', 'too_many_events'),
      ...below(
        'errors',
        'event_too_large',
        'invalid_event',
        'privileged_event',
        'rejected',
        'batch_too_large',
      ),
      ...below('errors', 'upstream_unavailable', 'upstream_misconfigured', 'key_check_failed'),
      ...below('errors', 'token_check_failed', 'hook_failed', 'rate_limited', 'overloaded', 'closing'),
      'errors/internal',
    ],
  },
  {
    title: 'Contributing',
    pages: ['architecture', ...below('contributing', 'testing', 'benchmarks', 'docs-style', 'releasing')],
  },
];
