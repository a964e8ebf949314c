/**
 * nginx and Caddy, with the configuration of their recipes, each in front of a proxy and of the files of a
 * shop.
 */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { selfSignedCertificate } from '../../support/server/certificate.ts';
import { program } from '../../support/setup/programs.ts';
import { onFreePort, stop } from '../process.ts';
import { listening } from './proxy-process.ts';
import { changed, recipe } from './recipe.ts';

export interface WebServer {
  readonly name: string;
  /**
   * @param proxy `host:port` of the proxy
   * @param folder a folder that may be written, with the files of the shop in `shop`
   */
  start(proxy: string, folder: string): Promise<RunningWebServer>;
}

export interface RunningWebServer {
  readonly origin: string;
  /** The certificate of the authority that clients must trust. */
  readonly certificateFile: string;
  stop(): Promise<void>;
}

/** Starts the program, and again on another port when the first port has been taken in the meantime. */
const start = (
  certificateFile: string,
  run: (port: number) => Promise<ReturnType<typeof spawn>>,
): Promise<RunningWebServer> =>
  onFreePort(async (port) => {
    const child = await run(port);
    await listening(port, child);
    return { origin: `https://127.0.0.1:${port}`, stop: () => stop(child) };
  }).then((server) => ({ ...server, certificateFile }));

const nginx: WebServer = {
  name: 'nginx',
  async start(proxy, folder) {
    const { key, cert } = selfSignedCertificate();
    await writeFile(`${folder}/cert.pem`, cert);
    await writeFile(`${folder}/key.pem`, key);
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    return start(`${folder}/cert.pem`, async (port) => {
      const shop = changed(recipe('nginx/shop.conf'), {
        '127.0.0.1:8080': proxy,
        'listen 443': `listen 127.0.0.1:${port}`,
        '/etc/ssl/certs/shop.example.com.pem': `${folder}/cert.pem`,
        '/etc/ssl/private/shop.example.com.key': `${folder}/key.pem`,
        '/var/www/shop': `${folder}/shop`,
      });
      // The surrounding configuration, as in the nginx.conf of the distribution.
      await writeFile(
        `${folder}/nginx.conf`,
        `daemon off; user ${userInfo().username}; pid ${folder}/pid; error_log stderr crit; worker_processes 1;
         events {}
         http { include /etc/nginx/mime.types; access_log off; gzip on; ${places.join(' ')}
         ${shop} }`,
      );
      return spawn(program('nginx'), ['-p', folder, '-c', `${folder}/nginx.conf`, '-e', 'stderr'], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    });
  },
};

const caddy: WebServer = {
  name: 'Caddy',
  async start(proxy, folder) {
    // Caddy makes its own certificate authority for local addresses.
    const data = `${folder}/data`;
    await mkdir(data);
    return start(`${data}/caddy/pki/authorities/local/root.crt`, async (port) => {
      const shop = changed(recipe('caddy/Caddyfile'), {
        'shop.example.com': `https://127.0.0.1:${port}`,
        '127.0.0.1:8080': proxy,
        '/var/www/shop': `${folder}/shop`,
      });
      const file = path.join(folder, 'Caddyfile');
      // Caddy must not add its authority to this machine's trust store, and must not listen on other ports.
      await writeFile(file, `{\nadmin off\nskip_install_trust\nauto_https disable_redirects\n}\n${shop}`);
      return spawn(program('caddy'), ['run', '--adapter', 'caddyfile', '--config', file], {
        env: { HOME: folder, XDG_DATA_HOME: data, XDG_CONFIG_HOME: `${folder}/config` },
        stdio: 'ignore',
      });
    });
  },
};

export const WEB_SERVERS: readonly WebServer[] = [nginx, caddy];
