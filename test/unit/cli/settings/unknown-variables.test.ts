// @vitest-environment node
import { expect, test } from 'vitest';
import { findUnknownVariables } from '../../../../src/cli/settings/unknown-variables.ts';
import { SECRETS } from '../../../../src/cli/settings/secret-files.ts';
import { VARIABLES } from '../../../../src/cli/settings/variables.ts';

test.each([
  ['CIO_ORIGIN', 'CIO_ORIGINS'],
  ['CIO_WRITEKEY', 'CIO_WRITE_KEY'],
  ['CIO_CLIENT_KEY', 'CIO_CLIENT_KEYS'],
  ['CIO_WRITE_KEY_FIL', 'CIO_WRITE_KEY_FILE'],
  ['cio_origins', 'CIO_ORIGINS'],
  ['CI_ORIGINS', 'CIO_ORIGINS'],
  ['CIO_PORT', 'PORT'],
  ['CIO_NATS_URL', 'NATS_URL'],
  ['NATS_URI', 'NATS_URL'],
  ['CIO_TOKEN_JWK_URL', 'CIO_TOKEN_JWKS_URL'],
])('%s probably means %s', (name, meant) => {
  expect(findUnknownVariables({ [name]: 'sesame' })).toEqual([{ name, meant }]);
  expect(findUnknownVariables({ [name]: '' })).toEqual([{ name, meant }]);
});

test('a variable that is like no other one is unknown without a guess', () => {
  expect(findUnknownVariables({ CIO_SOMETHING_ELSE: 'x' })).toEqual([{ name: 'CIO_SOMETHING_ELSE' }]);
});

test('a variable that is no secret can not be in a file', () => {
  expect(findUnknownVariables({ CIO_ORIGINS_FILE: '/run/origins' })).toEqual([
    { name: 'CIO_ORIGINS_FILE', meant: 'CIO_ORIGINS', isFile: true },
  ]);
});

test('every variable of the commands is known, and the file of every secret', () => {
  const names = [...Object.keys(VARIABLES), ...SECRETS.map((name) => `${name}_FILE`)];
  expect(findUnknownVariables(Object.fromEntries(names.map((name) => [name, 'x'])))).toEqual([]);
});

test('the variables of Kubernetes, Docker, shells and other programs are no mistakes', () => {
  const environment = {
    CIO_SERVICE_HOST: '10.0.0.1',
    CIO_PORT: 'tcp://10.0.0.1:80',
    CIO_PROXY_SERVICE_HOST: '10.0.0.1',
    CIO_PROXY_SERVICE_PORT: '8080',
    CIO_PROXY_SERVICE_PORT_HTTP: '8080',
    CIO_PROXY_PORT: 'tcp://10.0.0.1:8080',
    CIO_PROXY_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
    CIO_PROXY_PORT_8080_TCP_PROTO: 'tcp',
    CIO_PROXY_PORT_8080_TCP_PORT: '8080',
    CIO_PROXY_PORT_8080_TCP_ADDR: '10.0.0.1',
    CIO_PROXY_NAME: '/shop/cio-proxy',
    CIO_PROXY_ENV_NODE_VERSION: '20',
    NATS_SERVICE_HOST: '10.0.0.2',
    NATS_PORT: 'tcp://10.0.0.2:4222',
    HOME: '/root',
    HOSTNAME: 'cio-proxy-1',
    POST: '1',
    PATH: '/bin',
    NODE_ENV: 'production',
  };
  expect(findUnknownVariables(environment)).toEqual([]);
});
