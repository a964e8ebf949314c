/**
 * Stands where Amazon API Gateway stands (HTTP API, payload format 2.0; function URLs have the same), for one function:
 * `node gateway.js ./FUNCTION.js`. AWS was not asked.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
import { isUtf8 } from 'node:buffer';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

const { handler } = await import(process.argv[2]);

function eventOf({ method, url, headers: { cookie, ...headers }, socket, httpVersion }, body) {
  const { pathname, search } = new URL(url, 'http://gateway');
  const isBase64Encoded = !isUtf8(body);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: pathname,
    rawQueryString: search.slice(1),
    ...(cookie && { cookies: cookie.split('; ') }),
    headers: Object.fromEntries(
      Object.entries(headers).filter(([name]) => !['connection', 'transfer-encoding'].includes(name)),
    ),
    requestContext: {
      stage: '$default',
      http: { method, path: pathname, protocol: `HTTP/${httpVersion}`, sourceIp: socket.remoteAddress },
    },
    ...(body.length > 0 && { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  };
}

async function answer(request, response) {
  const event = eventOf(request, await buffer(request));
  const { statusCode, headers, cookies = [], body = '', isBase64Encoded } = await handler(event, {});
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  response.writeHead(statusCode, {
    ...headers,
    ...(cookies.length > 0 && { 'set-cookie': cookies }),
    ...(request.method !== 'HEAD' && ![204, 304].includes(statusCode) && { 'content-length': bytes.length }),
  });
  response.end(bytes);
}

createServer((request, response) => {
  answer(request, response).catch((error) => {
    // The browser has gone in the middle of its body, or the function has failed.
    if (!request.destroyed) console.error(error);
    response.writeHead(502).end();
  });
}).listen(process.env.PORT);
