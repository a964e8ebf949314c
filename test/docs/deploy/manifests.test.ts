// @vitest-environment node
/** The files of `deploy/` are consistent, and name no file or resource that does not exist. */
import { describe, expect, test } from 'vitest';
import { readEnvironment, readForwardEnvironment } from '../../../src/cli/settings/environment.ts';
import { FORWARD_VARIABLES, VARIABLES } from '../../../src/cli/settings/variables.ts';
import { HEALTH_PATH, READY_PATH } from '../../../src/proxy/http/routes.ts';
import { examples, pageText } from '../../support/docs/documentation.ts';
import {
  type Container,
  KUBERNETES_FILES,
  type Manifest,
  parseManifests,
  readCompose,
  readDeployed,
  readManifests,
} from './files.ts';

const WORKLOADS: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet']);
const API_VERSIONS: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  Service: 'v1',
  ConfigMap: 'v1',
  PodDisruptionBudget: 'policy/v1',
  Ingress: 'networking.k8s.io/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  Kustomization: 'kustomize.config.k8s.io/v1beta1',
};
const PINNED = /^[\w./-]+:\d+\.\d+(\.\d+)?(-\w+)?$/;

/** Validates the settings as the command does, with the secrets that are mounted as files. */
function problemsOf(
  command: string | undefined,
  environment: Readonly<Record<string, string>>,
): readonly string[] {
  const known = command === 'proxy' ? VARIABLES : FORWARD_VARIABLES;
  const unknown = Object.keys(environment).filter((name) => !(name.replace(/_FILE$/, '') in known));
  const secrets: Readonly<Record<string, string>> = {
    CIO_WRITE_KEY: 'write-key',
    CIO_REDIS_URL: 'redis://:secret@redis:6379',
    NATS_URL: 'nats://cio:secret@nats-1:4222,nats://nats-2:4222,nats://nats-3:4222',
  };
  const inPlace = Object.fromEntries(
    Object.entries(environment).map(([name, value]) => {
      const plain = name.replace(/_FILE$/, '');
      return [plain, name === plain ? value : (secrets[plain] ?? '')];
    }),
  );
  const reading = command === 'proxy' ? readEnvironment(inPlace) : readForwardEnvironment(inPlace);
  return [...unknown, ...(reading.kind === 'ready' ? [] : reading.problems)];
}

describe('compose.yaml', () => {
  const { services, secrets, configs, volumes } = readCompose();
  const commands = Object.entries(services).filter(([, { build }]) => build !== undefined);

  test('has two proxies, two forwarders, three NATS nodes and a Redis', () => {
    expect(Object.keys(services)).toEqual([
      ...['proxy-1', 'proxy-2', 'forwarder-1', 'forwarder-2'],
      ...['nats-1', 'nats-2', 'nats-3', 'redis'],
    ]);
    expect(commands.map(([, { command }]) => command)).toEqual([
      ['proxy'],
      ['proxy'],
      ['forward'],
      ['forward'],
    ]);
  });

  test('gives the commands only variables that they know, and all that they need', () => {
    for (const [, { command, environment = {} }] of commands)
      expect(problemsOf(command[0], environment)).toEqual([]);
  });

  test('restarts every service, checks its health, and pins its version', () => {
    for (const { restart, healthcheck, image } of Object.values(services)) {
      expect(restart).toBe('unless-stopped');
      expect(healthcheck?.test.length).toBeGreaterThan(1);
      expect(image).toMatch(image === 'cio-first-party' ? /./ : PINNED);
    }
    for (const [, { stop_grace_period = '' }] of commands)
      expect(Number.parseInt(stop_grace_period, 10)).toBeGreaterThan(20);
  });

  test('passes secrets as files, and defines each of them', () => {
    for (const { secrets: used = [], configs: usedConfigs = [], environment = {} } of Object.values(
      services,
    )) {
      const names = used.map((each) => (typeof each === 'string' ? each : each.source));
      for (const name of names) expect(secrets).toHaveProperty([name]);
      for (const { source } of usedConfigs) expect(configs).toHaveProperty([source]);
      for (const [name, value] of Object.entries(environment))
        if (name.endsWith('_FILE')) expect(names).toContain(value.replace('/run/secrets/', ''));
    }
    for (const { file } of Object.values(secrets))
      expect(readDeployed('compose.yaml')).toContain(`#   ${file.replace('./secrets/', '')} `);
    for (const { file } of Object.values(configs)) expect(readDeployed(file)).not.toBe('');
    for (const { volumes: used = [], depends_on = [] } of Object.values(services)) {
      for (const volume of used) expect(Object.keys(volumes)).toContain(volume.split(':')[0]);
      for (const name of depends_on) expect(Object.keys(services)).toContain(name);
    }
  });
});

describe('the manifests of Kubernetes', () => {
  const manifests = readManifests();
  const workloads = manifests.filter(({ kind }) => WORKLOADS.has(kind));
  const containers = workloads.flatMap(({ spec }) => spec?.template?.spec.containers ?? []);

  test('have existing kinds and versions, each with a unique name', () => {
    for (const { kind, apiVersion } of manifests)
      expect([kind, apiVersion]).toEqual([kind, API_VERSIONS[kind]]);
    const named = manifests
      .filter(({ metadata }) => metadata)
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(named).size).toBe(named.length);
    const { resources = [] } = manifests.find(({ kind }) => kind === 'Kustomization') ?? {};
    expect([...resources, 'kustomization.yaml'].sort()).toEqual([...KUBERNETES_FILES].sort());
  });

  test('have selectors that match their own pods', () => {
    const labels = workloads.map(({ spec }) => spec?.template?.metadata.labels);
    for (const { kind, spec } of manifests) {
      const selector = kind === 'Service' ? spec?.selector : spec?.selector?.['matchLabels'];
      if (spec?.selector) expect(labels).toContainEqual(selector);
    }
    for (const { kind, metadata, spec } of manifests.filter(({ kind }) => kind === 'Service')) {
      const ports = containers.flatMap((container) => container.ports.map(({ name }) => name));
      for (const { targetPort } of spec?.ports ?? [])
        expect([kind, metadata.name, ports]).toEqual([
          kind,
          metadata.name,
          expect.arrayContaining([targetPort]),
        ]);
    }
  });

  test('run two proxies, two forwarders, three NATS nodes and a Redis', () => {
    expect(
      Object.fromEntries(workloads.map(({ metadata, spec }) => [metadata.name, spec?.replicas])),
    ).toEqual({
      'cio-proxy': 2,
      'cio-forwarder': 2,
      nats: 3,
      redis: 1,
    });
  });

  test('give the commands only variables that they know, and all that they need', () => {
    const own = containers.filter(({ image }) => image === 'cio-first-party');
    expect(new Set(own.map(({ args }) => args?.[0]))).toEqual(new Set(['forward', 'proxy']));
    for (const { args, env = [] } of own)
      expect(
        problemsOf(args?.[0], Object.fromEntries(env.map(({ name, value = '' }) => [name, value]))),
      ).toEqual([]);
  });

  test('give containers no unneeded permissions, and a health check each', () => {
    for (const container of containers) {
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources).toMatchObject({
        requests: { cpu: expect.any(String) },
        limits: { memory: expect.any(String) },
      });
      expect(container.image).toMatch(container.image === 'cio-first-party' ? /./ : PINNED);
      checkProbes(container);
    }
    for (const { spec } of workloads)
      expect(spec?.template?.spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: expect.any(Number),
      });
  });

  function checkProbes({ readinessProbe, livenessProbe, ports }: Container): void {
    for (const probe of [readinessProbe, livenessProbe]) {
      const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
      expect(ports.map(({ name }) => name)).toContain(port);
    }
  }

  test('mount only volumes that they define', () => {
    for (const { spec } of workloads) {
      const volumes = [
        ...(spec?.template?.spec.volumes ?? []).map(({ name }) => name),
        ...(spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name),
      ];
      for (const { volumeMounts = [] } of spec?.template?.spec.containers ?? [])
        expect(volumeMounts.map(({ name }) => name).sort()).toEqual([...volumes].sort());
    }
  });

  test('use the probes that docs/operate/health-probes.md recommends', () => {
    const pathsOf = (args: string): readonly unknown[] => {
      const container = containers.find((each) => each.args?.[0] === args);
      return [container?.readinessProbe?.httpGet?.path, container?.livenessProbe?.httpGet?.path];
    };
    expect(pathsOf('proxy')).toEqual([`/e${HEALTH_PATH}`, `/e${HEALTH_PATH}`]);
    expect(pathsOf('forward')).toEqual([READY_PATH, HEALTH_PATH]);
    // `/ready` is right for the forwarder only because no Service sends requests to it.
    const selected = manifests.filter(({ kind }) => kind === 'Service').map(({ spec }) => spec?.selector);
    expect(selected).not.toContainEqual({ app: 'cio-forwarder' });
  });

  test('are those of docs/deploy/kubernetes.md, except for the message queue, the image and the region', () => {
    const [block = ''] = examples('yaml', pageText('docs/deploy/kubernetes.md'));
    const page = parseManifests(block);
    expect(page.map(({ kind }) => kind)).toEqual(['Deployment', 'Service', 'PodDisruptionBudget', 'Ingress']);
    for (const { kind, metadata, spec } of page) {
      const deployed = manifests.find((each) => each.kind === kind && each.metadata?.name === metadata.name);
      if (kind !== 'Deployment') expect(spec).toEqual(deployed?.spec);
      if (kind === 'Ingress') expect(metadata).toEqual(deployed?.metadata);
    }
    const [onPage, deployed] = [page, manifests].map((all) => podOf(all));
    expect(onPage).toEqual(deployed);
  });

  /** The pod of the proxy, without the parts that differ on purpose. */
  function podOf(all: readonly Manifest[]): unknown {
    const { metadata, spec } =
      all.find((each) => each.kind === 'Deployment' && each.metadata.name === 'cio-proxy')?.spec?.template ??
      {};
    const [container] = spec?.containers ?? [];
    if (!metadata || !container) throw new Error('There is no proxy');
    const { image: _, args: __, env = [], ...rest } = container;
    const onlyInOne =
      /^(CIO_REGION|CIO_RATE_LIMIT_PER_ADDRESS|CIO_REDIS_URL_FILE|NATS_URL_FILE|CIO_NATS_REPLICAS|PORT|CIO_STOP_TIMEOUT_MS)$/;
    const { containers: ___, ...pod } = { ...spec, topologySpreadConstraints: undefined };
    return { metadata, pod, container: { ...rest, env: env.filter(({ name }) => !onlyInOne.test(name)) } };
  }

  test('route only the paths of the proxy that browsers need, and not the metrics', () => {
    const ingress = manifests.find(({ kind }) => kind === 'Ingress');
    const paths = ingress?.spec?.rules?.flatMap(({ http }) => http.paths.map(({ path }) => path));
    const proxy = containers.find(({ args }) => args?.[0] === 'proxy');
    const basePath = proxy?.env?.find(({ name }) => name === 'CIO_BASE_PATH')?.value;
    expect(paths).toEqual([`${basePath}/v1`, `${basePath}/cio`]);
  });

  test('have the same NATS configuration as compose.yaml', () => {
    const settings = (text: string): readonly string[] =>
      text
        .replace(/^\s*#.*$/gm, '')
        .replace(/nats-(\d)(\.nats)?:/g, 'NODE:')
        .replace(/\d+GB/, 'SIZE')
        .split(/\s+/)
        .filter(Boolean);
    const inMap = manifests.find(({ kind }) => kind === 'ConfigMap')?.data?.['nats.conf'] ?? '';
    expect(settings(inMap)).toEqual(settings(readDeployed('nats.conf')));
  });
});
